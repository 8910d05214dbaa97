import { setTimeout as delay } from "node:timers/promises";
import { isHealthy, readObject } from "./api";
import { components, programs } from "./components";
import { containerdAnswers } from "./containerd";
import { findProcess } from "./processes";
import { nodeName } from "./settings";

interface Lease {
    spec: { renewTime: string };
}

interface Node {
    spec: { taints?: { key: string }[] };
    status: { conditions: { type: string; status: string; lastHeartbeatTime: string }[] };
}

/** The kubelet renews its lease every 10 s; after 40 s without, Kubernetes itself takes the node for lost. */
const leaseSeconds = 40;

/**
 * Whether the kubelet has said since `since` that its node can take pods. What etcd remembers from before proves nothing.
 */
export async function nodeIsReady(since: Date): Promise<boolean> {
    const [lease, node] = await Promise.all([
        readObject<Lease>(`/apis/coordination.k8s.io/v1/namespaces/kube-node-lease/leases/${nodeName}`),
        readObject<Node>(`/api/v1/nodes/${nodeName}`),
    ]);
    const ready = node?.status.conditions.find(({ type }) => type === "Ready");
    if (ready?.status !== "True") return false;
    // The status is sent when the kubelet starts and then seldom, the lease often, but sometimes only some seconds later.
    const signs = [ready.lastHeartbeatTime, ...(lease ? [lease.spec.renewTime] : [])];
    return (
        signs.some((time) => new Date(time) >= since) &&
        !(node?.spec.taints ?? []).some(({ key }) => key.startsWith("node.kubernetes.io/"))
    );
}

/** Whether every program of the cluster runs, well or not. */
async function everyProgramRuns(): Promise<boolean> {
    const processes = await Promise.all(programs.map(({ name }) => findProcess(name)));
    return !processes.includes(undefined);
}

/** Whether every program of the cluster runs and is well, and its node takes pods. */
export async function clusterIsUp(): Promise<boolean> {
    if (!(await everyProgramRuns())) return false;
    const answers = await Promise.all([
        ...components.map(({ health }) => isHealthy(health)),
        // The kubelet takes minutes to tell of one that hangs.
        containerdAnswers(),
        nodeIsReady(new Date(Date.now() - leaseSeconds * 1000)),
    ]);
    return answers.every(Boolean);
}

/** Whether the cluster is up, or comes up with what runs: a machine that was asleep, or is busy, gets some seconds. */
export async function clusterIsUpSoon(): Promise<boolean> {
    const deadline = Date.now() + 20_000;
    while (await everyProgramRuns()) {
        if (await clusterIsUp()) return true;
        if (Date.now() > deadline) return false;
        await delay(500);
    }
    return false;
}
