import { setTimeout as delay } from "node:timers/promises";
import { readObject } from "./api";

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
    endpoints?: { addresses: string[]; conditions: { ready?: boolean }; targetRef?: { uid: string } }[];
}

/** Pods that are said to be ready, with all their containers started since `since`; undefined if nobody says. */
async function readyPods(since: Date): Promise<Pod[] | undefined> {
    const pods = await readObject<List<Pod>>("/api/v1/pods");
    return pods?.items.filter(
        ({ metadata, status }) =>
            metadata.deletionTimestamp === undefined &&
            status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") &&
            status.containerStatuses?.every(({ state }) => state.running && new Date(state.running.startedAt) >= since),
    );
}

/** Whether Services lead to these pods where they are now. */
async function areReachable(pods: readonly Pod[]): Promise<boolean> {
    const slices = await readObject<List<EndpointSlice>>("/apis/discovery.k8s.io/v1/endpointslices");
    const endpoints = slices?.items.flatMap((slice) => slice.endpoints ?? []);
    return pods.every(({ metadata, status }) =>
        endpoints
            ?.filter(({ targetRef }) => targetRef?.uid === metadata.uid)
            .every(({ addresses, conditions }) => conditions.ready && addresses.includes(status.podIP ?? "")),
    );
}

/** Ids of the pods that etcd remembers as ready, from before the cluster went down. */
export async function rememberedPods(): Promise<Set<string>> {
    return new Set((await readyPods(new Date(0)))?.map(({ metadata }) => metadata.uid));
}

/**
 * Waits until pods that ran before do so again, so that nobody takes what etcd remembers of them for what is.
 * A pod that stays away, for a minute, is its owner's matter and no failure of the cluster.
 */
export async function waitForPods(remembered: ReadonlySet<string>, since: Date): Promise<void> {
    const deadline = Date.now() + 60_000;
    while (remembered.size > 0 && Date.now() < deadline) {
        const ready = (await readyPods(since))?.filter(({ metadata }) => remembered.has(metadata.uid)) ?? [];
        if (ready.length === remembered.size && (await areReachable(ready))) return;
        await delay(200);
    }
}
