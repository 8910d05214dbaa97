import { endBox, memoryOf } from "../node/boxes";
import { readObject } from "./api";
import { readKubectl } from "./kubectl";
import { nodeRuns, rememberedNodes } from "./nodes";
import { controlPlane, describeNodes, type Node } from "./settings";
import { startWorkers } from "./start";

interface NodeObject {
    spec: { unschedulable?: boolean };
    status: { conditions: { type: string; status: string }[] };
}

interface PodList {
    items: { spec: { nodeName?: string }; status: { phase: string } }[];
}

/** A node's state in a word or two, as `kubectl get nodes` has it. */
async function stateOf(node: Node): Promise<string> {
    if (!nodeRuns(node)) return "killed";
    const object = await readObject<NodeObject>(`/api/v1/nodes/${node.name}`);
    if (object === undefined) return "unknown";
    const ready = object.status.conditions.find(({ type }) => type === "Ready")?.status === "True";
    return `${ready ? "Ready" : "NotReady"}${object.spec.unschedulable ? ",drained" : ""}`;
}

/** Prints a table of the nodes: state, zone, address, pods that run, and memory of all processes. */
export async function listNodes(): Promise<void> {
    const pods = (await readObject<PodList>("/api/v1/pods"))?.items ?? [];
    const rows = await Promise.all(
        describeNodes(rememberedNodes()).map(async (node) => {
            const running = pods.filter(
                ({ spec, status }) => spec.nodeName === node.name && status.phase === "Running",
            );
            const megabytes = Math.round(memoryOf(node.box) / 2 ** 20);
            return [
                node.name,
                await stateOf(node),
                node.zone,
                node.address,
                String(running.length),
                `${megabytes} MiB`,
            ];
        }),
    );
    const table = [["NAME", "STATE", "ZONE", "ADDRESS", "PODS", "MEMORY"], ...rows];
    const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
    for (const row of table)
        console.log(
            row
                .map((cell, column) => cell.padEnd(widths[column] + 2))
                .join("")
                .trimEnd(),
        );
}

/** Moves a node's pods to others, within their PodDisruptionBudgets; it takes no new ones. @throws if that can't be done in 3 minutes. */
export async function drainNode({ name }: Node): Promise<void> {
    const options = ["--ignore-daemonsets", "--delete-emptydir-data", "--timeout=3m"];
    console.log(await readKubectl(["drain", name, ...options]));
}

/** Ends a node as a power cut does: nobody is told, and Kubernetes finds out. */
export async function killNode(node: Node): Promise<void> {
    if (node.index === controlPlane.index) {
        throw new Error(
            `${node.name} has the control plane: without it nothing would be made anew elsewhere. Kill another node.`,
        );
    }
    if (!nodeRuns(node)) throw new Error(`${node.name} does not run.`);
    await endBox(node.box);
    console.log(`${node.name} has lost its power.`);
}

/** Starts a node that was killed, and lets pods come to one that was drained. */
export async function startLostNode(node: Node): Promise<void> {
    if (!nodeRuns(node)) await startWorkers([node], (line) => console.log(line));
    console.log(await readKubectl(["uncordon", node.name]));
}
