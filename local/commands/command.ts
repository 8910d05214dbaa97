import { parseArgs } from "node:util";
import type { Options } from "../platform/platform";
import { parseNodes } from "../cluster/cluster";
import { parseTools } from "../artifacts/released/tools";

/** Reads a command's arguments. @throws in a sentence if there is any but the options that it takes. */
export function readOptions(args: readonly string[], takes: readonly (keyof Options)[]): Options {
    const options = Object.fromEntries(takes.map((name) => [name, { type: "string" as const }]));
    const { tools, nodes } = parseArgs({ args: [...args], options }).values as Record<string, string | undefined>;
    return {
        tools: tools === undefined ? undefined : parseTools(tools),
        nodes: nodes === undefined ? undefined : parseNodes(nodes),
    };
}

/** Runs a command that takes `--help` and some options. What goes wrong is said in its message, without a stack. */
export function runCommand(
    usage: string,
    work: (options: Options) => Promise<void>,
    takes: readonly (keyof Options)[] = [],
): void {
    const args = process.argv.slice(2);
    if (args[0] === "--help") {
        console.log(usage);
        process.exit(0);
    }
    let options: Options;
    try {
        options = readOptions(args, takes);
    } catch (error) {
        console.error(`${(error as Error).message}\n\n${usage}`);
        process.exit(2);
    }
    work(options).catch((error: unknown) => {
        console.error(error instanceof Error ? error.message : error);
        process.exitCode = 1;
    });
}
