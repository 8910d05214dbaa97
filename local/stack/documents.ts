import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, renameSync } from "node:fs";
import { join } from "node:path";
import { machine } from "../machine/paths";

/** The user and group that the engine image runs as. */
const engineUser = 1910;

/**
 * Makes a stack's document directory on this machine, writable by the engine's user.
 * One that exists is left as it is: what is in it is its user's.
 *
 * @returns its path, the `hostPath` of the stack.
 */
export function prepareDocuments(stack: string): string {
    const directory = join(machine.documents, stack);
    mkdirSync(machine.documents, { recursive: true });
    if (!existsSync(directory)) {
        // There only when it is whole: one that still belonged to root would be left as it is ever after.
        const unfinished = mkdtempSync(join(machine.documents, ".new-"));
        chmodSync(unfinished, 0o750);
        chownSync(unfinished, engineUser, engineUser);
        renameSync(unfinished, directory);
    }
    return directory;
}
