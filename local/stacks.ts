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

function isAlive(pid: number): boolean {
    try {
        process.kill(pid, 0);
        return true;
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
    if (holders.length > 0 && !holders.some(({ pid }) => isAlive(pid))) {
        mustPulumi("cancel", "--yes", "--stack", name);
    }
}

/** Brings a stack up to date, and makes it if there is none of this name. The stack that the user selected stays selected. */
export function bringUpStack(name: string): Outputs {
    if (!findStack(name)) mustPulumi("stack", "init", name, "--no-select", "--non-interactive");
    clearDeadLock(name);
    mustPulumi("up", "--yes", "--skip-preview", "--stack", name);
    return JSON.parse(readPulumi(["stack", "output", "--json", "--stack", name])) as Outputs;
}

/** Removes all objects of a stack. The documents stay, and so does the stack's history. */
export function destroyStack(name: string): void {
    if (!findStack(name)?.resourceCount) return;
    clearDeadLock(name);
    mustPulumi("destroy", "--yes", "--skip-preview", "--stack", name);
}
