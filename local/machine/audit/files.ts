import { spawnSync } from "node:child_process";
import { homedir, tmpdir } from "node:os";
import { join } from "node:path";
import { cacheDirectory, machine, projectDirectory } from "../paths";

/** Where tsx keeps what it has compiled of this project. */
export const tsxDirectory = join(tmpdir(), `tsx-${process.getuid?.()}`);

/** Go's own directories, wherever they were told to be; none without Go. */
function goDirectories(): string[] {
    const { stdout } = spawnSync("go", ["env", "GOCACHE", "GOMODCACHE", "GOPATH", "GOTELEMETRYDIR"], {
        encoding: "utf8",
    });
    const [cache, modules, path, telemetry] = (stdout ?? "").split("\n");
    return [cache, modules, path && join(path, "pkg"), telemetry].filter((directory) => directory);
}

/** What `npm start` may write into, for the README says so. */
function namedDirectories(): string[] {
    return [
        projectDirectory,
        machine.directory,
        cacheDirectory,
        // Its cache and the logs of its commands.
        join(homedir(), ".npm"),
        tsxDirectory,
        // What Node.js 22 and newer keep of programs that ask for it, as npm's own do.
        join(tmpdir(), "node-compile-cache"),
        ...goDirectories(),
    ];
}

/** File systems that hold no files of anybody's, but what the kernel shows; most are looked at in other ways. */
const kernelFileSystems = ["proc", "sysfs", "cgroup", "cgroup2", "devtmpfs", "devpts", "tracefs", "debugfs", "bpf"];

/**
 * Files and directories outside those that `npm start` may write into: type, mode, owner; of files size and time of the
 * last change of content, of links where they lead.
 */
export function listFiles(roots: readonly string[], except: readonly string[]): Record<string, string> {
    const literal = (path: string) => path.replace(/[\\[\]*?]/g, "\\$&");
    const left = [
        ...kernelFileSystems.flatMap((type) => ["-o", "-fstype", type]),
        ...[...namedDirectories(), ...except].flatMap((directory) => ["-o", "-path", literal(directory)]),
    ].slice(1);
    // The time of a directory changes with each file that comes and goes; a socket's and a pipe's says nothing.
    const facts = "%y mode %m owner %U:%G";
    const { stdout, error } = spawnSync(
        "find",
        [
            ...[...roots, "(", ...left, ")", "-prune"],
            ...["-o", "-type", "f", "-printf", `%p\\t${facts} size %s time %T@\\0`],
            ...["-o", "-type", "l", "-printf", `%p\\t${facts} to %l\\0`],
            ...["-o", "-printf", `%p\\t${facts}\\0`],
        ],
        { encoding: "utf8", maxBuffer: Infinity },
    );
    if (error) throw error;
    // It fails when a file goes away under its eyes, and has listed the others then.
    const listed = stdout.split("\0").slice(0, -1);
    return Object.fromEntries(
        listed.map((line) => [line.slice(0, line.lastIndexOf("\t")), line.slice(line.lastIndexOf("\t") + 1)]),
    );
}
