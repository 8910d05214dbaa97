import { spawn, type ChildProcessByStdio } from "node:child_process";
import { once } from "node:events";
import { closeSync, createWriteStream, mkdirSync, openSync } from "node:fs";
import { basename, join } from "node:path";
import { createInterface } from "node:readline";
import type { Readable } from "node:stream";
import { logsDirectory } from "./paths";

/** A command failed; the message names it, its exit and the log that holds its whole output. */
export class CommandFailed extends Error {}

/**
 * Runs a command to its end, with its output in `.local/logs/<name>.log`.
 *
 * @param name names the log and the error.
 * @param onLine called with each line of output, for progress.
 * @returns standard output.
 * @throws {CommandFailed} with the last lines of output and the log's path.
 */
export async function run(
    name: string,
    command: string,
    args: readonly string[],
    options: {
        readonly cwd?: string;
        /** Added to this process's own environment. */
        readonly env?: Readonly<Record<string, string>>;
        /** A file for its standard input; by default it has none. */
        readonly input?: string;
        readonly onLine?: (line: string) => void;
        /** It is killed if it has not ended by then. Without one it may take as long as it likes, as a build may. */
        readonly deadlineSeconds?: number;
    } = {},
): Promise<string> {
    mkdirSync(logsDirectory, { recursive: true });
    const logFile = join(logsDirectory, `${name}.log`);
    const log = createWriteStream(logFile, { flags: "a" });
    log.write(`\n$ ${[command, ...args].join(" ")}\n`);
    const input = options.input === undefined ? undefined : openSync(options.input, "r");
    const child: ChildProcessByStdio<null, Readable, Readable> = spawn(command, args, {
        cwd: options.cwd,
        env: { ...process.env, ...options.env },
        stdio: [(input ?? "ignore") as "ignore", "pipe", "pipe"],
    });
    if (input !== undefined) closeSync(input);
    let stdout = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => (stdout += text));
    const lastLines: string[] = [];
    for (const stream of [child.stdout, child.stderr]) {
        stream.pipe(log, { end: false });
        createInterface({ input: stream }).on("line", (line) => {
            lastLines.push(line);
            if (lastLines.length > 15) lastLines.shift();
            options.onLine?.(line);
        });
    }
    const fail = (how: string) =>
        new CommandFailed(`${basename(command)} ${how}:\n${lastLines.join("\n")}\nWhole output: ${logFile}`);
    const { deadlineSeconds } = options;
    const late = new AbortController();
    const timer = deadlineSeconds && setTimeout(() => late.abort(), deadlineSeconds * 1000);
    try {
        const ended = once(child, "close", { signal: late.signal }) as Promise<[number | null, string | null]>;
        const [code, signal] = await ended;
        if (code !== 0) throw fail(`failed (${signal === null ? `exit code ${code}` : `ended by ${signal}`})`);
    } catch (error) {
        if (!late.signal.aborted) throw error;
        child.kill("SIGKILL");
        // What it started may hold its output open for ever.
        for (const stream of [child.stdout, child.stderr]) stream.destroy();
        throw fail(`did not end within ${deadlineSeconds} s (${[command, ...args].join(" ")})`);
    } finally {
        clearTimeout(timer);
        log.end();
    }
    return stdout;
}
