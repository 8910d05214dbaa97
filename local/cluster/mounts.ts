/** Mount points under `directory` in the text of a /proc/self/mountinfo (proc(5)), innermost first. */
export function mountsUnder(directory: string, mountinfo: string): string[] {
    return mountinfo
        .split("\n")
        .map((line) => line.split(" ")[4] ?? "")
        .map((path) => path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))))
        .filter((path) => path.startsWith(`${directory}/`))
        .reverse();
}
