import { waitForUpdates } from "../updates";
import { apiServer, clientsOfApiServer, containerd, etcd, type Program } from "./components";
import { endContainers, endShims, forgetContainers } from "./containerd";
import { forgetBefore, readBefore, unstopped } from "./before";
import { removeFiles, removeFromKernel, removeMounts } from "./leftovers";
import { removeBridge } from "./network";
import { findOtherKubernetes } from "./otherKubernetes";
import { stopProcess } from "./processes";
import { isAnythingLeft } from "./running";
import { removeTables } from "./packetFilter";
import { removeSharedDirectories } from "./sharedDirectories";
import { restoreSysctls, unknownSysctls } from "./sysctls";

const stop = ({ name, grace }: Program) => stopProcess(name, grace);

/**
 * Stops the cluster, however much of it runs, and leaves the machine as it was before the start.
 * What etcd, the images and the documents hold is kept.
 *
 * @returns what had to be left otherwise than it was, a sentence each.
 */
export async function stopCluster(report: (line: string) => void): Promise<string[]> {
    const record = readBefore();
    // It was lost, or the cluster was started by a version that kept none.
    const isLost = record === undefined && (await isAnythingLeft());
    if (record === undefined && !isLost) return [];
    const before = record ?? "unreadable";
    const notes: string[] = [];
    // After a reboot nothing is left but files, and what the kernel holds under these names is somebody else's.
    if (isLost || unstopped() === "since boot") {
        // An update that goes on would fail half-way, and would need what is stopped here to be mended.
        await waitForUpdates(report);
        report("stopping the components");
        await Promise.all(clientsOfApiServer.map(stop));
        await stop(apiServer);
        await stop(etcd);
        report("stopping the containers");
        await endContainers(5000);
        await stop(containerd);
        await endShims();
        report("putting the machine back as it was");
        await removeMounts();
        await removeBridge();
        const other = findOtherKubernetes();
        if (other) {
            notes.push(
                `another Kubernetes has come to this machine (${other}): the packet filter's chains KUBE-…, the cgroups ` +
                    "kubepods and the sysctls that both set are left to it",
            );
        } else {
            await removeFromKernel();
            if (before === "unreadable") notes.push(unknownSysctls());
            else {
                removeTables(before.tables);
                notes.push(...restoreSysctls(before.sysctls, before.devices));
            }
        }
    }
    await removeFiles();
    await forgetContainers();
    if (before !== "unreadable") removeSharedDirectories(before.directories);
    forgetBefore();
    return notes;
}
