import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { machine } from "../machine/paths";

/** Pulumi's lock on a stack, in a backend of files: there while a CLI works on it, and after one that was killed. */
export interface UpdateLock {
    readonly project: string;
    readonly stack: string;
    /** Process id of the CLI. */
    readonly pid: number;
    /** Whether that CLI still runs. */
    readonly isHeld: boolean;
}

/** Whether a process is a Pulumi CLI; a number of one that ended may have been given out again. */
function isPulumi(pid: number): boolean {
    try {
        // Some packages wrap it under another name.
        return readFileSync(`/proc/${pid}/comm`, "utf8").includes("pulumi");
    } catch {
        return false;
    }
}

function entries(directory: string): string[] {
    try {
        return readdirSync(directory);
    } catch {
        return [];
    }
}

function readHolder(file: string): number {
    try {
        return (JSON.parse(readFileSync(file, "utf8")) as { pid: number }).pid;
    } catch {
        // It was taken away meanwhile, or cut short by a crash.
        return 0;
    }
}

/** Pulumi's locks on the stacks of this machine's backend, of every project. */
export function updateLocks(backend: string = machine.pulumi.backend): UpdateLock[] {
    const root = join(backend, ".pulumi", "locks", "organization");
    return entries(root).flatMap((project) =>
        entries(join(root, project)).flatMap((stack) =>
            entries(join(root, project, stack))
                .filter((file) => file.endsWith(".json"))
                .map((file) => {
                    const pid = readHolder(join(root, project, stack, file));
                    return { project, stack, pid, isHeld: isPulumi(pid) };
                }),
        ),
    );
}

/** Whether the last update of a stack that came to an end, or destroy, ended without success: the backend keeps a record of each. */
export function hasLastUpdateFailed(project: string, stack: string, backend: string = machine.pulumi.backend): boolean {
    const directory = join(backend, ".pulumi", "history", project, stack);
    // Their names hold the time, in nanoseconds.
    const newest = entries(directory)
        .filter((file) => file.endsWith(".history.json"))
        .sort()
        .at(-1);
    if (newest === undefined) return false;
    try {
        const { result } = JSON.parse(readFileSync(join(directory, newest), "utf8")) as { result: string };
        return result !== "succeeded";
    } catch {
        // A crash cut it short.
        return true;
    }
}

/**
 * Waits until no Pulumi works on these stacks: `npm run pulumi` takes Pulumi's own lock and not the machine's.
 *
 * @param report is told for whom, at once and then every 30 s.
 */
export async function waitForUpdates(
    report: (line: string) => void,
    isMeant: (lock: UpdateLock) => boolean = () => true,
    backend: string = machine.pulumi.backend,
): Promise<void> {
    let told = 0;
    for (;;) {
        const held = updateLocks(backend).find((lock) => lock.isHeld && isMeant(lock));
        if (held === undefined) return;
        if (Date.now() - told > 30_000) {
            report(`Waiting for pulumi (process ${held.pid}), which works on the stack ${held.stack} …`);
            told = Date.now();
        }
        await delay(200);
    }
}
