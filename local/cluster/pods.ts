import { setTimeout as delay } from "node:timers/promises";
import { readObject } from "./api";
import { nodeRuns, rememberedNodes, runInNode } from "./nodes";
import { describeNodes } from "./settings";

interface List<T> {
    items: T[];
}

interface Pod {
    metadata: { uid: string; deletionTimestamp?: string };
    status: {
        podIP?: string;
        conditions?: { type: string; status: string }[];
        containerStatuses?: { state: { running?: { startedAt: string } } }[];
    };
}

/** A Service's endpoints, from which kube-proxy makes its rules. */
interface EndpointSlice {
    metadata: { labels?: Record<string, string> };
    endpoints?: { addresses: string[]; conditions: { ready?: boolean }; targetRef?: { uid: string } }[];
}

/** The pods that nobody is deleting; undefined if they can't be had. */
async function listPods(): Promise<Pod[] | undefined> {
    const pods = await readObject<List<Pod>>("/api/v1/pods");
    return pods?.items.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
}

/** Whether a pod is said to be ready, with all its containers started since `since`. */
function isReady({ status }: Pod, since: Date): boolean {
    const { conditions = [], containerStatuses = [] } = status;
    return (
        conditions.some(({ type, status }) => type === "Ready" && status === "True") &&
        containerStatuses.every(({ state }) => state.running && new Date(state.running.startedAt) >= since)
    );
}

/** Whether every node's packet filter leads to each of these addresses of pods. */
async function leadTo(addresses: readonly string[]): Promise<boolean> {
    const nodes = describeNodes(rememberedNodes()).filter(nodeRuns);
    const save = ["iptables-save", "--table", "nat"];
    const rules = await Promise.all(nodes.map((node) => runInNode(node, "iptables", save, { deadlineSeconds: 30 })));
    return rules.every((saved) => addresses.every((address) => saved.includes(`--to-destination ${address}:`)));
}

/** Whether Services lead to these pods where they are now. */
async function areReachable(pods: readonly Pod[]): Promise<boolean> {
    const slices = await readObject<List<EndpointSlice>>("/apis/discovery.k8s.io/v1/endpointslices");
    if (slices === undefined) return false;
    const addressOf = new Map(pods.map(({ metadata, status }) => [metadata.uid, status.podIP]));
    const reached: string[] = [];
    for (const { metadata, endpoints } of slices.items) {
        // Nothing leads to a headless Service but its names.
        if (metadata.labels && "service.kubernetes.io/headless" in metadata.labels) continue;
        for (const { addresses, conditions, targetRef } of endpoints ?? []) {
            const address = targetRef && addressOf.get(targetRef.uid);
            if (address === undefined) continue;
            if (!conditions.ready || !addresses.includes(address)) return false;
            reached.push(address);
        }
    }
    return leadTo(reached);
}

/** Ids of the pods that etcd remembers as ready, from before the cluster went down. */
export async function rememberedPods(): Promise<Set<string>> {
    const ready = (await listPods())?.filter((pod) => isReady(pod, new Date(0)));
    return new Set(ready?.map(({ metadata }) => metadata.uid));
}

/**
 * Waits until pods that ran before do so again, so that nobody takes what etcd remembers of them for what is.
 * A pod that stays away, for a minute, is its owner's matter and no failure of the cluster.
 */
export async function waitForPods(remembered: ReadonlySet<string>, since: Date): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (remembered.size > 0 && Date.now() < deadline) {
        const pods = (await listPods())?.filter(({ metadata }) => remembered.has(metadata.uid));
        if (pods?.every((pod) => isReady(pod, since)) && (await areReachable(pods))) return;
        await delay(200);
    }
}
