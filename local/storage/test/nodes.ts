import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../../engine/test/until";
import { glusterPrograms } from "../gluster";

const addresses = [1, 2, 3].map((index) => `10.240.0.${10 + index}`);

function childrenOf(pid: number): number[] {
    try {
        return readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").split(" ").filter(Boolean).map(Number);
    } catch {
        // It has ended.
        return [];
    }
}

/** The first process of the process namespace that a process has made, as it is counted here. */
function firstBelow(pid: number | undefined): number | undefined {
    if (pid === undefined) return undefined;
    const depth = (process: number) => /^NSpid:(.*)$/m.exec(readFileSync(`/proc/${process}/status`, "utf8"))?.[1];
    for (const child of childrenOf(pid)) {
        if (depth(child)?.endsWith("\t1")) return child;
        const first = firstBelow(child);
        if (first !== undefined) return first;
    }
    return undefined;
}

const quoted = (words: readonly string[]) => words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(" ");

/** Starts each program once what it needs is there, with its log in /var/lib. */
function startScript(index: number): string {
    const { programs } = glusterPrograms({
        node: addresses[index],
        addresses,
        configuration: "/var/lib/configuration",
    });
    return programs
        .map(({ name, command, needs = "true" }) => {
            return `(until ${needs}; do sleep 0.1; done; exec ${quoted(command)}) < /dev/null >> /var/lib/${name}.log 2>&1 &\n`;
        })
        .join("");
}

/** A machine's share of the file system, in namespaces of its own. */
export interface Node {
    /** Its files here: `document-sync/brick` is its copy of what is in the file system. */
    readonly directory: string;
    /** Starts a program in it. */
    readonly spawn: (command: readonly string[]) => ChildProcess;
    /** Waits until the file system is mounted and answers, at most so many seconds. */
    readonly mounted: (seconds: number) => Promise<void>;
    /** Ends all its processes at once, as a power cut does. */
    readonly kill: () => Promise<void>;
    readonly start: () => void;
    /** Pulls its network's plug, or puts it back. */
    readonly connect: (plugged: boolean) => Promise<void>;
}

/** Runs a program to its end. @returns its exit code. */
async function exitCode(child: ChildProcess): Promise<number | null> {
    const [code] = (await once(child, "exit")) as [number | null];
    return code;
}

/**
 * Makes three nodes on a network of their own, which nobody else sees. They end with this process.
 *
 * @param tools of `prepareGluster`.
 */
export async function makeNodes(tools: string): Promise<{ nodes: Node[]; end: () => Promise<void> }> {
    const directory = mkdtempSync(join(tmpdir(), "gluster-"));
    const network = "ip link set lo up; ip link add nodes type bridge; ip link set nodes up; echo; exec sleep infinity";
    const outer = spawn(
        "setpriv",
        [
            ...["--pdeathsig=KILL", "unshare", "--mount", "--propagation=private", "--net", "--pid", "--fork"],
            ...["--kill-child", "--mount-proc", "sh", "-c", network],
        ],
        // Killed, unshare complains.
        { stdio: ["ignore", "pipe", "ignore"] },
    );
    await once(outer.stdout, "data");
    const outerFirst = firstBelow(outer.pid);
    if (outerFirst === undefined) throw new Error("The nodes' network has no first process.");
    const enter = (pid: number, ...more: string[]) => ["--target", String(pid), "--mount", "--net", "--pid", ...more];

    const nodes = addresses.map((address, index): Node => {
        const own = join(directory, `node${index + 1}`);
        mkdirSync(join(own, "configuration"), { recursive: true });
        const { files, mounted } = glusterPrograms({ node: address, addresses, configuration: "" });
        for (const [name, text] of Object.entries(files)) writeFileSync(join(own, "configuration", name), text);
        writeFileSync(join(own, "start.sh"), startScript(index));
        let starter: ChildProcess | undefined;
        const start = () => {
            const make =
                'exec 4< /proc/self/ns/net; exec unshare --mount --net --pid --uts --fork --kill-child --mount-proc "$@"';
            const script = ["bash", join(__dirname, "node.sh"), String(index + 1), `${address}/24`, own, tools];
            const log = openSync(join(own, "node.log"), "a");
            starter = spawn("nsenter", [...enter(outerFirst), "bash", "-c", make, "bash", ...script], {
                stdio: ["ignore", log, log],
            });
        };
        start();
        const first = () => {
            const pid = firstBelow(starter?.pid);
            if (pid === undefined) throw new Error(`Node ${index + 1} does not run.`);
            return pid;
        };
        const spawnHere: Node["spawn"] = (command) =>
            spawn("nsenter", [...enter(first(), "--uts", "--wd=/"), ...command], {
                stdio: ["pipe", "pipe", "inherit"],
            });
        return {
            directory: own,
            spawn: spawnHere,
            start,
            mounted: async (seconds) => {
                const isMounted = async () => {
                    return (
                        firstBelow(starter?.pid) !== undefined &&
                        (await exitCode(spawnHere(["bash", "-c", mounted]))) === 0
                    );
                };
                await until(`node ${index + 1} has the file system`, isMounted, seconds);
            },
            kill: async () => {
                const ended = starter && once(starter, "exit");
                process.kill(first(), "SIGKILL");
                await ended;
            },
            connect: async (plugged) => {
                const link = ["ip", "link", "set", `node${index + 1}`, plugged ? "up" : "down"];
                const code = await exitCode(spawn("nsenter", ["--target", String(outerFirst), "--net", ...link]));
                if (code !== 0) throw new Error(`ip ended with exit code ${code}.`);
            },
        };
    });
    return {
        nodes,
        end: async () => {
            const ended = once(outer, "exit");
            process.kill(outerFirst, "SIGKILL");
            await ended;
            rmSync(directory, { recursive: true });
        },
    };
}
