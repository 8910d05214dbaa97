import { runPulumi, selectedStack } from "../stack/pulumi/run";

/** The stack that is selected for this folder. Selects `dev` if none is, and makes it if there is none. */
function ensureStack(): string {
    const selected = selectedStack();
    if (selected !== undefined) return selected;
    const status = runPulumi(["stack", "select", "dev", "--create", "--non-interactive"], ["ignore", 2, 2]);
    if (status !== 0) throw new Error("the stack dev could not be selected; Pulumi's own message is above");
    return "dev";
}

/** `npm run -s pulumi -- …`: standard output is Pulumi's alone. */
function main(args: readonly string[]): void {
    const selected = ensureStack();
    process.exitCode = runPulumi(args, "inherit", selected);
}

try {
    main(process.argv.slice(2));
} catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
}
