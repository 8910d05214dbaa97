import { runPulumi } from "../stack/pulumi/run";

/** Selects the stack `dev`, and makes it if there is none, unless a stack is selected for this folder. */
function ensureStack(): void {
    if (runPulumi(["stack", "--show-name", "--non-interactive"], "ignore") === 0) return;
    const status = runPulumi(["stack", "select", "dev", "--create", "--non-interactive"], ["ignore", 2, 2]);
    if (status !== 0) throw new Error("the stack dev could not be selected; Pulumi's own message is above");
}

/** `npm run -s pulumi -- …`: standard output is Pulumi's alone. */
function main(args: readonly string[]): void {
    ensureStack();
    process.exitCode = runPulumi(args);
}

try {
    main(process.argv.slice(2));
} catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
}
