import { setTimeout as delay } from "node:timers/promises";
import { findBox } from "../node/boxes";
import { isHealthy, readObject } from "./api";
import { nodeRuns, rememberedNodes, runInNode } from "./nodes";
import { apiServerUrls, clusterBox, controlPlane, describeNodes, type Node } from "./settings";

interface Lease {
    spec: { renewTime: string };
}

interface NodeObject {
    spec: { taints?: { key: string }[] };
    status: { conditions: { type: string; status: string; lastHeartbeatTime: string }[] };
}

/** A lease is renewed every 2 s, or every 12 s in a cluster of one node: after this long without, a node that is up has missed several. */
const leaseSeconds = 40;

/** Taints that its user gives a node, and takes away again: one that is drained, or said to be out of service, is as they want it. */
const usersTaints = ["node.kubernetes.io/unschedulable", "node.kubernetes.io/out-of-service"];

/** Whether the API server says of itself that it is ready. */
export const apiServerIsReady = () => isHealthy(`${apiServerUrls.machine}/readyz`);

/**
 * Whether a node's kubelet has said since `since` that its node can take pods. What etcd remembers from before proves nothing.
 */
export async function nodeIsReady({ name }: Node, since: Date): Promise<boolean> {
    const [lease, node] = await Promise.all([
        readObject<Lease>(`/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${name}`),
        readObject<NodeObject>(`/api/v1/nodes/${name}`),
    ]);
    const ready = node?.status.conditions.find(({ type }) => type === "Ready");
    if (ready?.status !== "True") return false;
    // The status is sent when the kubelet starts and then seldom, the lease often, but sometimes only some seconds later.
    const signs = [ready.lastHeartbeatTime, ...(lease ? [lease.spec.renewTime] : [])];
    return (
        signs.some((time) => new Date(time) >= since) &&
        !(node?.spec.taints ?? []).some(
            ({ key }) => key.startsWith("node.kubernetes.io/") && !usersTaints.includes(key),
        )
    );
}

/** Whether all of a node's programs are well: its own script prints the names of those that are not. */
export async function nodeIsWell(node: Node): Promise<boolean> {
    return (await unwellPrograms(node)).length === 0;
}

/** Names of a node's programs that are not well; "all" where the node can't be asked. */
export async function unwellPrograms(node: Node): Promise<string[]> {
    const said = await runInNode(node, "health", ["/node/health"], { deadlineSeconds: 30 }).catch(() => "all");
    return said.split(/\s+/).filter(Boolean);
}

/** Whether the box is there, and the node that the others can't do without; others may have been ended by their user. */
const isThere = () => findBox(clusterBox) !== undefined && nodeRuns(controlPlane);

/** Whether every program of every node that there is runs and is well, and each node takes pods. */
export async function clusterIsUp(): Promise<boolean> {
    if (!isThere()) return false;
    const nodes = describeNodes(rememberedNodes()).filter(nodeRuns);
    const answers = await Promise.all([
        apiServerIsReady(),
        ...nodes.flatMap((node) => [nodeIsWell(node), nodeIsReady(node, new Date(Date.now() - leaseSeconds * 1000))]),
    ]);
    return answers.every(Boolean);
}

/** Whether the cluster is up, or comes up with what runs: a machine that was asleep, or is busy, gets some seconds. */
export async function clusterIsUpSoon(): Promise<boolean> {
    const deadline = Date.now() + 20_000;
    while (isThere()) {
        if (await clusterIsUp()) return true;
        if (Date.now() > deadline) return false;
        await delay(500);
    }
    return false;
}
