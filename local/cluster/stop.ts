import { endBox, processesOf } from "../node/boxes";
import { waitForUpdates } from "../updates";
import { clusterBox } from "./settings";

/**
 * Stops the cluster, however much of it runs: one process is ended, and the kernel takes the rest away. What etcd, the images and
 * the documents hold is kept, as it is by a power cut.
 */
export async function stopCluster(report: (line: string) => void): Promise<void> {
    // An update that goes on would fail half-way, and would need what is stopped here to be mended.
    if (processesOf(clusterBox).length > 0) await waitForUpdates(report);
    report("ending the cluster's box");
    await endBox(clusterBox);
}
