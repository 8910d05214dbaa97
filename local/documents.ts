import { chownSync, mkdirSync } from "node:fs";
import { join } from "node:path";
import { machine } from "./paths";

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
    try {
        mkdirSync(directory, { mode: 0o750 });
        chownSync(directory, engineUser, engineUser);
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "EEXIST") throw error;
    }
    return directory;
}
