import { freeVolumes, removeOrphans, type Resource } from "./orphans";
import { otherContext } from "./pulumi/context";
import { readPulumi, runPulumi } from "./pulumi/run";
import { hasLastUpdateFailed, updateLocks, waitForUpdates, type UpdateLock } from "./updates";

/** Name of the project in Pulumi.yaml. */
export const projectName = "document-sync";

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

/** A stack's resources, and what Pulumi was doing when it wrote them down last. */
interface State {
    readonly resources: readonly Resource[];
    readonly pending: readonly { readonly type: string }[];
}

function readState(name: string): State {
    const { deployment } = JSON.parse(readPulumi(["stack", "export", "--stack", name])) as {
        deployment: { resources?: Resource[]; pending_operations?: { type: string }[] };
    };
    return { resources: deployment.resources ?? [], pending: deployment.pending_operations ?? [] };
}

/** The resources of every stack there is, of other projects too. */
function readAllResources(): Resource[] {
    const stacks = JSON.parse(readPulumi(["stack", "ls", "--all", "--json"])) as ListedStack[];
    return stacks.flatMap(({ name }) => readState(name).resources);
}

/** Whether Pulumi's lock is on this stack, and not on one that another project calls so. */
const isOn = (name: string, { project, stack }: UpdateLock) => project === projectName && stack === name;

/**
 * Puts a stack in order whose last update was cut off, or failed: what was made and not written down is removed, what is
 * being deleted is waited for, and the state is made to say what there is.
 *
 * @param isNew there was none in the backend. Objects of one may be there all the same, if its state was lost.
 */
async function mend(name: string, isNew = false): Promise<void> {
    await waitForUpdates(
        (line) => console.log(line),
        (lock) => isOn(name, lock),
    );
    // On a cluster of the user's own nothing is removed or changed but by Pulumi.
    const isHere = otherContext(name) === undefined;
    // Pulumi's own lock on a stack outlives a CLI that was killed.
    const wasKilled = updateLocks().some((lock) => isOn(name, lock));
    const { resources, pending } = readState(name);
    const isCutOff = wasKilled || pending.length > 0 || hasLastUpdateFailed(projectName, name);
    if (isNew && isHere) await removeOrphans(name, readAllResources());
    if (isCutOff) {
        console.log(`The last update of the stack ${name} did not come to its end: it is put in order first.`);
        if (isHere) await removeOrphans(name, readAllResources());
        // Not before: it is what tells the next start, should this one be cut off too.
        if (wasKilled) mustPulumi("cancel", "--yes", "--stack", name);
        const args = ["--clear-pending-creates", "--yes", "--skip-preview", "--non-interactive"];
        mustPulumi("refresh", ...args, "--stack", name);
    }
    const has = (kind: string) => resources.some(({ type }) => type === `kubernetes:core/v1:${kind}`);
    const mayBeWidowed = isCutOff || (has("PersistentVolume") && !has("PersistentVolumeClaim"));
    if (isHere && mayBeWidowed) await freeVolumes(resources);
}

/** Brings a stack up to date, and makes it if there is none of this name. The stack that the user selected stays selected. */
export async function bringUpStack(name: string): Promise<Outputs> {
    const isNew = !findStack(name);
    if (isNew) mustPulumi("stack", "init", name, "--no-select", "--non-interactive");
    await mend(name, isNew);
    mustPulumi("up", "--yes", "--skip-preview", "--non-interactive", "--stack", name);
    return JSON.parse(readPulumi(["stack", "output", "--json", "--stack", name])) as Outputs;
}

/** Removes all objects of a stack. The documents stay, and so does the stack's history. */
export async function destroyStack(name: string): Promise<void> {
    if (!findStack(name)) return;
    await mend(name);
    if (!findStack(name)?.resourceCount) return;
    mustPulumi("destroy", "--yes", "--skip-preview", "--non-interactive", "--stack", name);
}
