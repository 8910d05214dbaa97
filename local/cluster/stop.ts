import { endBox, processesOf } from "../node/boxes";
import { clusterBox } from "./settings";

/** Waits for those who work on the cluster, and would fail half-way if it went. */
export type BeforeStop = (report: (line: string) => void) => Promise<unknown>;

/**
 * Stops the cluster, however much of it runs: one process is ended, and the kernel takes the rest away. What etcd, the images and
 * the documents hold is kept, as it is by a power cut.
 */
export async function stopCluster(report: (line: string) => void, beforeStop: BeforeStop): Promise<void> {
    if (processesOf(clusterBox).length > 0) await beforeStop(report);
    report("ending the cluster's box");
    await endBox(clusterBox);
}
