import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { machine } from "./paths";
import { readPulumi, runPulumi } from "./pulumi";

/** What the program gives to clients. */
export interface Outputs {
    readonly engine1Url: string;
    readonly engine2Url: string;
    readonly namespace: string;
}

interface ListedStack {
    readonly name: string;
    readonly resourceCount?: number;
}

/** @throws if Pulumi fails; its own message is on standard error. */
function mustPulumi(...args: string[]): void {
    if (runPulumi(args) !== 0) throw new Error(`pulumi ${args.join(" ")} failed; its own message is above`);
}

function findStack(name: string): ListedStack | undefined {
    return (JSON.parse(readPulumi(["stack", "ls", "--json"])) as ListedStack[]).find((stack) => stack.name === name);
}

/** Whether a process is a Pulumi CLI; a number of one that ended may have been given out again. */
function isPulumi(pid: number): boolean {
    try {
        return readFileSync(`/proc/${pid}/comm`, "utf8").trim() === "pulumi";
    } catch {
        return false;
    }
}

/** Pulumi's own lock on a stack outlives a CLI that was killed; it is taken away if its holder is gone. */
function clearDeadLock(name: string): void {
    const directory = join(machine.pulumi.backend, ".pulumi", "locks", "organization", "document-sync", name);
    let files: string[];
    try {
        files = readdirSync(directory).filter((file) => file.endsWith(".json"));
    } catch {
        return;
    }
    const holders = files.map((file) => JSON.parse(readFileSync(join(directory, file), "utf8")) as { pid: number });
    if (holders.length > 0 && !holders.some(({ pid }) => isPulumi(pid))) {
        mustPulumi("cancel", "--yes", "--stack", name);
    }
}

/**
 * A CLI that was killed while it made objects knows neither whether they are there nor their names: made once more, there
 * would be two brokers, or two engines, behind one Service. So the stack is taken down, its namespace with all that is in
 * it, to be made anew. The documents stay.
 */
function clearInterrupted(name: string): void {
    const { deployment } = JSON.parse(readPulumi(["stack", "export", "--stack", name])) as {
        deployment: { pending_operations?: { type: string }[] };
    };
    const pending = deployment.pending_operations ?? [];
    if (pending.length === 0) return;
    console.log(`The last update of the stack ${name} was cut off: it is put in order first.`);
    mustPulumi("refresh", "--clear-pending-creates", "--yes", "--skip-preview", "--non-interactive", "--stack", name);
    if (pending.some(({ type }) => type === "creating")) {
        mustPulumi("destroy", "--yes", "--skip-preview", "--non-interactive", "--stack", name);
    }
}

/** Brings a stack up to date, and makes it if there is none of this name. The stack that the user selected stays selected. */
export function bringUpStack(name: string): Outputs {
    if (!findStack(name)) mustPulumi("stack", "init", name, "--no-select", "--non-interactive");
    clearDeadLock(name);
    clearInterrupted(name);
    mustPulumi("up", "--yes", "--skip-preview", "--non-interactive", "--stack", name);
    return JSON.parse(readPulumi(["stack", "output", "--json", "--stack", name])) as Outputs;
}

/** Removes all objects of a stack. The documents stay, and so does the stack's history. */
export function destroyStack(name: string): void {
    if (!findStack(name)?.resourceCount) return;
    clearDeadLock(name);
    clearInterrupted(name);
    mustPulumi("destroy", "--yes", "--skip-preview", "--non-interactive", "--stack", name);
}
