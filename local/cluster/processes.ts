import { spawn } from "node:child_process";
import { once } from "node:events";
import { closeSync, existsSync, openSync, readFileSync, readlinkSync } from "node:fs";
import { mkdir, readdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { machine } from "../paths";
import { directories } from "./settings";

/** A process for all time: a pid alone names another process after a reboot, or once it was given out again. */
export interface ProcessIdentity {
    readonly pid: number;
    /** Clock ticks from boot to the process's start: field 22 of /proc/PID/stat (proc(5)). */
    readonly startTime: string;
    readonly bootId: string;
}

/** State and start time in the text of a /proc/PID/stat. */
export function parseStat(stat: string): { state: string; startTime: string } {
    // The second field is the program's name in brackets, and may hold blanks and brackets itself.
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { state: fields[0], startTime: fields[19] };
}

export function bootId(): string {
    return readFileSync("/proc/sys/kernel/random/boot_id", "utf8").trim();
}

function identify(pid: number): ProcessIdentity | undefined {
    try {
        const { state, startTime } = parseStat(readFileSync(`/proc/${pid}/stat`, "utf8"));
        // A zombie has ended; only its parent has not asked yet.
        return state === "Z" || state === "X" ? undefined : { pid, startTime, bootId: bootId() };
    } catch {
        return undefined;
    }
}

export function isRunning(recorded: ProcessIdentity): boolean {
    const now = identify(recorded.pid);
    return now !== undefined && now.startTime === recorded.startTime && now.bootId === recorded.bootId;
}

const recordFile = (name: string) => join(directories.processes, `${name}.json`);

export const logFile = (name: string) => join(directories.logs, `${name}.log`);

/** The process last started under this name, if it still runs. */
export async function findProcess(name: string): Promise<ProcessIdentity | undefined> {
    let text: string;
    try {
        text = await readFile(recordFile(name), "utf8");
    } catch {
        return undefined;
    }
    // A record that a crash cut short names nobody.
    if (!text.endsWith("}\n")) return undefined;
    const recorded = JSON.parse(text) as ProcessIdentity;
    return isRunning(recorded) ? recorded : undefined;
}

/** Starts a program in a session of its own, so that it outlives this process, with its output in its own log. */
export async function startProcess(name: string, program: string, args: readonly string[]): Promise<void> {
    await mkdir(directories.processes, { recursive: true });
    await mkdir(directories.logs, { recursive: true });
    if (existsSync(logFile(name))) await rename(logFile(name), `${logFile(name)}.1`);
    const log = openSync(logFile(name), "a", 0o600);
    const child = spawn(program, args, {
        cwd: "/",
        // Not the caller's: a proxy set there would take even calls to loopback.
        env: { PATH: "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin" },
        stdio: ["ignore", log, log],
        detached: true,
    });
    await once(child, "spawn").finally(() => closeSync(log));
    child.unref();
    const identity = child.pid === undefined ? undefined : identify(child.pid);
    if (identity === undefined) throw new Error(`${name} ended at once. Its log: ${logFile(name)}`);
    await writeFile(recordFile(name), `${JSON.stringify(identity)}\n`);
}

/** Waits until none of the processes runs; those that do after `milliseconds` are killed. */
export async function endProcesses(processes: readonly ProcessIdentity[], milliseconds: number): Promise<void> {
    signal(processes, "SIGTERM");
    const deadline = Date.now() + milliseconds;
    let killed = false;
    while (processes.some(isRunning)) {
        if (Date.now() > deadline && !killed) {
            signal(processes, "SIGKILL");
            killed = true;
        }
        if (Date.now() > deadline + 10_000) {
            const pids = processes.filter(isRunning).map(({ pid }) => pid);
            throw new Error(`these processes cannot be ended: ${pids.join(", ")}`);
        }
        await delay(50);
    }
}

function signal(processes: readonly ProcessIdentity[], name: NodeJS.Signals): void {
    for (const recorded of processes.filter(isRunning)) {
        try {
            process.kill(recorded.pid, name);
        } catch (error) {
            // It ended between the look and the signal.
            if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
        }
    }
}

/**
 * Whether these are the arguments of the cluster's program of this name, with its own binary or the one that holds several:
 * each of the cluster's is given a file of the cluster, which nobody else's is.
 */
export function isProgram(name: string, args: readonly string[]): boolean {
    return (
        (basename(args[0] ?? "") === name || args[1] === name) &&
        args.slice(1).some((arg) => arg.replace(/^--?[a-z-]+=/, "").startsWith(`${machine.cluster}/`))
    );
}

/**
 * Ends the program started under this name, if it runs, and forgets it; also one that was started at a moment when its
 * starter was killed, so that it was never written down.
 */
export async function stopProcess(name: string, milliseconds: number): Promise<void> {
    const running = await findProcesses("cmdline", (text) => isProgram(name, text.split("\0")));
    await endProcesses(running, milliseconds);
    await rm(recordFile(name), { force: true });
}

/** Which processes see each other: pid_namespaces(7). */
const namespaceOf = (pid: number | "self") => readlinkSync(`/proc/${pid}/ns/pid`);

/**
 * Every running process whose /proc/PID/`file` passes `test`. By its arguments, only one of this very machine is found: a
 * container on it may hold a cluster like this one. What is in pods is found by its cgroup.
 */
export async function findProcesses(
    file: "cmdline" | "cgroup",
    test: (text: string) => boolean,
): Promise<ProcessIdentity[]> {
    const own = namespaceOf("self");
    const pids = (await readdir("/proc")).filter((entry) => /^\d+$/.test(entry)).map(Number);
    return pids.flatMap((pid) => {
        try {
            if (file === "cmdline" && namespaceOf(pid) !== own) return [];
            if (!test(readFileSync(`/proc/${pid}/${file}`, "utf8"))) return [];
        } catch {
            return [];
        }
        return identify(pid) ?? [];
    });
}
