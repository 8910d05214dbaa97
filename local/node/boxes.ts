import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readdirSync, readFileSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const cgroups = "/sys/fs/cgroup";

/** Where a cgroup's processes and those below it are counted: each hierarchy of version 1, or the one of version 2. */
function hierarchies(): string[] {
    if (existsSync(join(cgroups, "cgroup.controllers"))) return [cgroups];
    return existsSync(cgroups) ? readdirSync(cgroups).map((name) => join(cgroups, name)) : [];
}

/** Directories of a box's cgroup, which bears the box's name behind that of the box it is in: `outer/inner`. */
function directoriesOf(box: string): string[] {
    return hierarchies()
        .map((hierarchy) => join(hierarchy, box))
        .filter((directory) => existsSync(directory));
}

function readProcesses(directory: string): number[] {
    try {
        return readFileSync(join(directory, "cgroup.procs"), "utf8").split("\n").filter(Boolean).map(Number);
    } catch {
        // It was removed meanwhile, or there is none of the kind.
        return [];
    }
}

function subdirectories(directory: string): string[] {
    try {
        const entries = readdirSync(directory, { withFileTypes: true });
        return entries.filter((entry) => entry.isDirectory()).map(({ name }) => join(directory, name));
    } catch {
        return [];
    }
}

/**
 * Whether a process is the first one of a process namespace that lies so many deep in the reader's own, and has not ended:
 * proc_pid_status(5). Its number is told once for each of the namespaces that see it, the outermost first.
 */
function isFirst(pid: number, depth: number): boolean {
    try {
        const status = readFileSync(`/proc/${pid}/status`, "utf8");
        const numbers = /^NSpid:\t(.*)$/m.exec(status)?.[1].split("\t") ?? [];
        return numbers.length === depth + 1 && numbers[depth] === "1" && !/^State:\t[ZX]/m.test(status);
    } catch {
        return false;
    }
}

/** The first process of a box, as it is counted here; undefined if there is no such box. The kernel alone is asked: no file can be wrong. */
export function findBox(box: string): number | undefined {
    const own = directoriesOf(box).flatMap((directory) => [directory, join(directory, "init")]);
    // What runs in a box may make process namespaces too, deeper ones.
    const depth = box.split("/").length;
    return own.flatMap(readProcesses).find((pid) => isFirst(pid, depth));
}

/** Every process of a box and of the boxes in it, those of pods too. */
export function processesOf(box: string): number[] {
    const below = (directory: string): number[] => [
        ...readProcesses(directory),
        ...subdirectories(directory).flatMap(below),
    ];
    return [...new Set(directoriesOf(box).flatMap(below))];
}

/** Memory of a box's processes in bytes, without what the kernel keeps of files: memory.stat of either version. */
export function memoryOf(box: string): number {
    for (const directory of directoriesOf(box)) {
        const file = join(directory, "memory.stat");
        if (!existsSync(file)) continue;
        const [, bytes] = /^(?:total_rss|anon) (\d+)$/m.exec(readFileSync(file, "utf8")) ?? [];
        if (bytes !== undefined) return Number(bytes);
    }
    return 0;
}

function kill(pid: number): void {
    try {
        process.kill(pid, "SIGKILL");
    } catch (error) {
        // It has ended meanwhile.
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
}

/** Removes what can be removed of a cgroup. @returns whether it is gone. */
function removeCgroup(directory: string): boolean {
    for (const below of subdirectories(directory)) removeCgroup(below);
    try {
        rmdirSync(directory);
    } catch (error) {
        // The kernel lets none go in which a process is, or just was.
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") return false;
    }
    return true;
}

/**
 * Ends a box: its first process, with which the kernel ends all the others, and then its cgroups, which nobody else takes away.
 * One that was cut off while it was made, or left no more than its cgroups, goes too.
 */
export async function endBox(box: string): Promise<void> {
    const start = Date.now();
    const first = findBox(box);
    if (first !== undefined) kill(first);
    while (directoriesOf(box).map(removeCgroup).includes(false)) {
        const waited = Date.now() - start;
        if (waited > 30_000) throw new Error(`These processes can't be ended: ${processesOf(box).join(", ")}.`);
        if (first === undefined || waited > 5000) for (const pid of processesOf(box)) kill(pid);
        await delay(20);
    }
}

/** What a program that is started here finds in its environment: nothing of the caller's, such as a proxy, for loopback too. */
const environment = { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" };

/** A program's arguments so that it runs in a box. */
function within(box: string, cwd: string, command: readonly string[]): readonly [string, ...string[]] {
    const pid = findBox(box);
    if (pid === undefined) throw new Error(`There is no box ${box}.`);
    return [join(__dirname, "enter.sh"), box, String(pid), cwd, ...command];
}

/** A command line that runs a command in a box, by whatever starts programs. @throws if there is no such box. */
export function inBox(box: string, command: readonly string[], cwd = "/"): { program: string; args: string[] } {
    const [program, ...args] = within(box, cwd, command);
    return { program, args };
}

/**
 * Makes a box and waits until its first process says that it is ready.
 *
 * @param box its name, behind that of the box that it is made in.
 * @param script the first process; a program of this folder, or a path.
 * @param log a file for what it says.
 * @throws with what it said if it does not come up.
 */
export async function startBox(
    box: string,
    script: string,
    options: { readonly args?: readonly string[]; readonly env: NodeJS.ProcessEnv; readonly log: string },
): Promise<void> {
    const names = box.split("/");
    const name = names.pop() ?? box;
    const command = [join(__dirname, "box.sh"), name, script, ...(options.args ?? [])];
    const [program, ...args] = names.length > 0 ? within(names.join("/"), "/", command) : command;
    const log = openSync(options.log, "w", 0o600);
    const child: ChildProcess = spawn(program, args, {
        cwd: "/",
        env: { ...environment, ...options.env },
        // The last one: to say that it is ready.
        stdio: ["ignore", log, log, "pipe"],
        // It outlives this process.
        detached: true,
    });
    closeSync(log);
    const ready = child.stdio[3];
    if (ready === null || ready === undefined) throw new Error("no pipe");
    const late = new AbortController();
    const timer = setTimeout(() => late.abort(), 60_000);
    try {
        const ended = once(child, "exit", { signal: late.signal }).then(() => false);
        const answered = once(ready, "data", { signal: late.signal }).then(() => true);
        ended.catch(() => undefined);
        answered.catch(() => undefined);
        if (await Promise.race([ended, answered])) return;
        throw new Error(`The box ${box} did not come up:\n${readFileSync(options.log, "utf8")}`);
    } catch (error) {
        await endBox(box);
        if (late.signal.aborted) throw new Error(`The box ${box} was not ready after 60 s. Its log: ${options.log}.`);
        throw error;
    } finally {
        clearTimeout(timer);
        late.abort();
        ready.destroy();
        child.unref();
    }
}
