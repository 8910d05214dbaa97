import { createWriteStream, mkdirSync } from "node:fs";
import { basename, join } from "node:path";
import { execa } from "execa";
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
        readonly onLine?: (line: string) => void;
    } = {},
): Promise<string> {
    mkdirSync(logsDirectory, { recursive: true });
    const logFile = join(logsDirectory, `${name}.log`);
    const log = createWriteStream(logFile, { flags: "a" });
    log.write(`\n$ ${[command, ...args].join(" ")}\n`);
    const child = execa(command, args, {
        cwd: options.cwd,
        env: options.env,
        all: true,
        reject: false,
        stdin: "ignore",
    });
    child.all.pipe(log);
    if (options.onLine) {
        for await (const line of child.iterable({ from: "all" })) options.onLine(line);
    }
    const result = await child;
    if (result.failed) {
        const lastLines = (result.all ?? "").trimEnd().split("\n").slice(-15).join("\n");
        const how = result.exitCode === undefined ? result.shortMessage : `exit code ${result.exitCode}`;
        throw new CommandFailed(`${basename(command)} failed (${how}):\n${lastLines}\nWhole output: ${logFile}`);
    }
    return result.stdout;
}
