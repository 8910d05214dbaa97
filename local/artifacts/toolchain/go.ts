import { run } from "../../machine/run";

/** Said whole, so that a user's own Go settings build nothing else; the proxy is the user's. */
export const goEnvironment = {
    CGO_ENABLED: "0",
    GOARCH: "",
    GOFLAGS: "-buildvcs=false",
    // A compiler lives for seconds, and spends a quarter of them on collecting garbage by Go's own default of 100. Without any
    // collection it takes twice the memory of 400 and is no faster. The limit is for the few packages that pass it, on small machines.
    GOGC: "400",
    GOMEMLIMIT: "1GiB",
    GOOS: "",
    GOTOOLCHAIN: "local",
    GOWORK: "off",
};

/** Whether `version` (1.26.8, 1.27rc1) is at least `wanted` (1.25.8). */
export function isAtLeast(version: string, wanted: string): boolean {
    const numbers = (text: string) => text.split(/\D+/).map(Number);
    const [is, least] = [numbers(version), numbers(wanted)];
    for (const [index, number] of least.entries()) {
        if ((is[index] ?? 0) !== number) return (is[index] ?? 0) > number;
    }
    return true;
}

/** Values of Go's own settings, such as GOCACHE. @throws ENOENT if there is no Go on PATH. */
export async function readGoSettings(...names: string[]): Promise<string[]> {
    return (await run("go", "go", ["env", ...names], { env: goEnvironment })).trimEnd().split("\n");
}

/** Why the Go on PATH cannot build what needs `wanted`, in a sentence; undefined if it can. */
export async function goVersionConflict(wanted: string): Promise<string | undefined> {
    let version: string;
    try {
        version = (await readGoSettings("GOVERSION"))[0].replace(/^go/, "");
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
        return `Go ${wanted} or later is needed on PATH; there is none`;
    }
    if (isAtLeast(version, wanted)) return undefined;
    return `Go ${wanted} or later is needed on PATH; the one there is ${version}`;
}
