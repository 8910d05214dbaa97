import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readdirSync, readFileSync, readlinkSync, rmSync, rmdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { cacheDirectory, machine, projectDirectory } from "../paths";

const cgroups = "/sys/fs/cgroup";

/** Removes a cgroup and those in it, in which no process is any more. */
function removeCgroup(path: string): void {
    for (const entry of readdirSync(path, { withFileTypes: true })) {
        if (entry.isDirectory()) removeCgroup(join(path, entry.name));
    }
    rmdirSync(path);
}

/** How a command ended and what it said. */
export interface Result {
    readonly exitCode: number | null;
    /** Standard output and standard error as they came. */
    readonly output: string;
}

/**
 * A machine of the tests' own on this one, as far as the kernel's namespaces go: processes, mounts, cgroups and a network of
 * loopback alone. It sees the real one's files; what it writes in the system's directories, no one else sees. It shares
 * the cache of what was built, and /tmp. It needs root, and the cgroup hierarchies of version 1.
 */
export class TestMachine {
    readonly #directory = mkdtempSync(join(tmpdir(), "document-sync-machine-"));
    #init?: ChildProcess;
    /** Process id of its first process, as the real machine counts. */
    #pid = 0;

    private constructor() {}

    /** @throws with what it said if it does not come up. */
    static async start(): Promise<TestMachine> {
        if (existsSync(join(cgroups, "cgroup.controllers")))
            throw new Error("a test machine needs the cgroup hierarchies of version 1, and this machine has version 2");
        const started = new TestMachine();
        try {
            await started.#boot();
        } catch (error) {
            await started.end();
            throw error;
        }
        return started;
    }

    async #boot(): Promise<void> {
        const ready = join(this.#directory, "ready");
        const init = spawn(join(__dirname, "testMachine.sh"), [this.#directory], {
            env: { ...process.env, CACHE: cacheDirectory, PLATFORM: machine.directory },
            stdio: ["ignore", "ignore", "pipe"],
        });
        let said = "";
        init.stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
        const deadline = Date.now() + 30_000;
        while (!existsSync(ready)) {
            if (init.exitCode !== null || Date.now() > deadline) {
                // Before unshare(1) it is the first process there itself; later that one ends with it.
                init.kill("SIGKILL");
                if (init.exitCode === null) await once(init, "exit");
                throw new Error(`the test machine did not come up: ${said}`);
            }
            await delay(20);
        }
        const children = readFileSync(`/proc/${init.pid}/task/${init.pid}/children`, "utf8");
        this.#init = init;
        this.#pid = Number(children.trim());
    }

    /** The power goes: processes, mounts, network, cgroups and what lay in /run. Files stay. */
    async #powerOff(): Promise<void> {
        const init = this.#init;
        // It ends with the first process there, whose number could be given out again as soon as it has ended.
        if (init && init.exitCode === null && init.signalCode === null) {
            process.kill(this.#pid, "SIGKILL");
            await once(init, "exit");
        }
        for (const hierarchy of readdirSync(cgroups)) {
            const own = join(cgroups, hierarchy, basename(this.#directory));
            if (existsSync(own)) removeCgroup(own);
        }
        for (const path of ["ready", "changes/run", "work/run"])
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

    /** Starts a program there, in this clone's directory unless `cwd` says another. */
    spawn(
        program: string,
        args: readonly string[],
        { cwd = projectDirectory, env = {} }: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
    ): ChildProcess {
        // A process is in the cgroup of the one that started it.
        const enter =
            'for own in /sys/fs/cgroup/*/"$1"; do echo $$ > "$own/cgroup.procs"; done; shift; exec nsenter "$@"';
        return spawn(
            "bash",
            [
                ...["-c", enter, "bash", basename(this.#directory)],
                ...["--target", String(this.#pid), "--mount", "--net", "--pid", "--cgroup", `--wd=${cwd}`],
                ...[program, ...args],
            ],
            { stdio: ["ignore", "pipe", "pipe"], env: { ...process.env, ...env } },
        );
    }

    /** Runs a program there to its end. */
    async run(
        program: string,
        args: readonly string[],
        options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
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
        const namespaceOf = (pid: number) => readlinkSync(`/proc/${pid}/ns/pid`);
        const own = namespaceOf(this.#pid);
        const found = new Map<number, readonly string[]>();
        for (const pid of readdirSync("/proc")
            .filter((name) => /^\d+$/.test(name))
            .map(Number)) {
            try {
                if (namespaceOf(pid) !== own || pid === this.#pid) continue;
                const args = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0").slice(0, -1);
                // One that has ended, and that nobody has asked yet, has none; the first process only sleeps.
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
