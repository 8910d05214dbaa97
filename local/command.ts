import { readTools, type Tools } from "./released/tools";

/**
 * Runs a command that takes no arguments but `--help` and, if it is one of `takesTools`, `--tools`. What goes wrong is said in
 * its message, without a stack.
 */
export function runCommand(
    usage: string,
    work: (tools?: Tools) => Promise<void>,
    { takesTools = false }: { takesTools?: boolean } = {},
): void {
    const args = process.argv.slice(2);
    if (args[0] === "--help" || (args.length > 0 && !takesTools)) {
        console.log(usage);
        process.exit(args[0] === "--help" ? 0 : 2);
    }
    let tools: Tools | undefined;
    try {
        tools = readTools(args);
    } catch (error) {
        console.error(`${(error as Error).message}\n\n${usage}`);
        process.exit(2);
    }
    work(tools).catch((error: unknown) => {
        console.error(error instanceof Error ? error.message : error);
        process.exitCode = 1;
    });
}
