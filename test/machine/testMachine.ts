import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, readlinkSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { endBox, findBox, inBox, processesOf, startBox } from "../../local/node/boxes";
import { cacheDirectory, machine, projectDirectory } from "../../local/machine/paths";

/** How a command ended and what it said. */
export interface Result {
    readonly exitCode: number | null;
    /** Standard output and standard error as they came. */
    readonly output: string;
}

/**
 * A machine of the tests' own on this one: a box, as a node of the cluster is one. It sees the real one's files; what it writes in
 * the system's directories, no one else sees. It shares the cache of what was built, and /tmp. It needs root.
 */
export class TestMachine {
    readonly #directory = mkdtempSync(join(tmpdir(), "document-sync-machine-"));

    private constructor() {}

    /** @throws with what it said if it does not come up. */
    static async start(): Promise<TestMachine> {
        const started = new TestMachine();
        try {
            await started.#boot();
        } catch (error) {
            await started.end();
            throw error;
        }
        return started;
    }

    /** Name of its box. */
    get #box(): string {
        return basename(this.#directory);
    }

    /** Process id of its first process, as the real machine counts. */
    get #pid(): number {
        return findBox(this.#box) ?? 0;
    }

    async #boot(): Promise<void> {
        await startBox(this.#box, join(__dirname, "testMachine.sh"), {
            env: {
                DIRECTORY: this.#directory,
                CACHE: cacheDirectory,
                PLATFORM: machine.directory,
            },
            log: join(this.#directory, "log"),
        });
    }

    /** The power goes: processes, mounts, network, cgroups and what lay in /run. Files stay. */
    async #powerOff(): Promise<void> {
        await endBox(this.#box);
        for (const path of ["changes/run", "work/run"])
            rmSync(join(this.#directory, path), { recursive: true, force: true });
    }

    /** As after a power cut: everything but the files is gone, and the kernel counts from anew. */
    async reboot(): Promise<void> {
        await this.#powerOff();
        await this.#boot();
    }

    /** What was written in a directory of the system, such as `/var`, lies here. */
    changesIn(directory: string): string {
        return join(this.#directory, "changes", directory);
    }

    /**
     * Starts a program there, in this clone's directory unless `cwd` says another, or in a box of the cluster there. It has an input
     * only if one is asked for.
     */
    spawn(
        program: string,
        args: readonly string[],
        {
            cwd = projectDirectory,
            env = {},
            box,
            stdin = "ignore",
        }: { cwd?: string; env?: NodeJS.ProcessEnv; box?: string; stdin?: "pipe" | "ignore" } = {},
    ): ChildProcess {
        const name = box === undefined ? this.#box : join(this.#box, box);
        const { program: enter, args: within } = inBox(name, [program, ...args], cwd);
        return spawn(enter, within, { stdio: [stdin, "pipe", "pipe"], env: { ...process.env, ...env } });
    }

    /** Process id of the first process of a box of the cluster there, as the real machine counts; undefined if there is none. */
    firstProcessOf(box: string): number | undefined {
        return findBox(join(this.#box, box));
    }

    /** Every process of such a box and of the boxes in it, as the real machine counts. */
    processesOf(box: string): number[] {
        return processesOf(join(this.#box, box));
    }

    /** Runs a program there to its end. */
    async run(
        program: string,
        args: readonly string[],
        options: { cwd?: string; env?: NodeJS.ProcessEnv; box?: string } = {},
    ): Promise<Result> {
        const child = this.spawn(program, args, options);
        let output = "";
        for (const stream of [child.stdout, child.stderr]) {
            stream?.setEncoding("utf8").on("data", (text: string) => (output += text));
        }
        const [exitCode] = (await once(child, "close")) as [number | null];
        return { exitCode, output };
    }

    /** Like {@link run}, and throws what the program said unless it exits with 0. Returns what it said. */
    async mustRun(...args: Parameters<TestMachine["run"]>): Promise<string> {
        const { exitCode, output } = await this.run(...args);
        if (exitCode !== 0) throw new Error(`${args[0]} ${args[1].join(" ")}: exit code ${exitCode}\n${output}`);
        return output;
    }

    /** What runs there, but for its first process and what is in pods: arguments by process id, as the real machine counts. */
    processes(): Map<number, readonly string[]> {
        const namespaceOf = (pid: number | "self") => readlinkSync(`/proc/${pid}/ns/pid`);
        const [first, outside] = [this.#pid, namespaceOf("self")];
        const found = new Map<number, readonly string[]>();
        for (const pid of processesOf(this.#box).filter((other) => other !== first)) {
            try {
                // Who makes a box, or enters one, waits outside for what runs in it.
                if (namespaceOf(pid) === outside) continue;
                if (readFileSync(`/proc/${pid}/cgroup`, "utf8").includes("/kubepods/")) continue;
                const args = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
                // One that has ended, and that nobody has asked yet, has none; a box's first process sleeps.
                if (args.length > 0 && args.join(" ") !== "sleep infinity") found.set(pid, args);
            } catch {
                // It ended meanwhile.
            }
        }
        return found;
    }

    /** Sends a signal to those of its processes that are meant, by their arguments. Returns how many. */
    kill(isMeant: (args: readonly string[]) => boolean, signal: NodeJS.Signals = "SIGKILL"): number {
        const meant = [...this.processes()].filter(([, args]) => isMeant(args));
        for (const [pid] of meant) {
            try {
                process.kill(pid, signal);
            } catch (error) {
                if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
            }
        }
        return meant.length;
    }

    /** `kill -9` of every process there is, as all of them would end if the power went. Files and the kernel's other objects stay. */
    async killAll(): Promise<void> {
        // To -1: all but the first process, which is the namespace's own, and the sender.
        await this.run("sh", ["-c", "kill -9 -1"]);
    }

    /** Ends it, and takes away all that it wrote. */
    async end(): Promise<void> {
        await this.#powerOff();
        rmSync(this.#directory, { recursive: true, force: true });
    }
}
