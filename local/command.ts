/** Runs a command that takes no arguments but `--help`. What goes wrong is said in its message, without a stack. */
export function runCommand(usage: string, work: () => Promise<void>): void {
    const args = process.argv.slice(2);
    if (args.length > 0) {
        console.log(usage);
        process.exit(args[0] === "--help" ? 0 : 2);
    }
    work().catch((error: unknown) => {
        console.error(error instanceof Error ? error.message : error);
        process.exitCode = 1;
    });
}
