import { apiServer, clientsOfApiServer, containerd, etcd, type Program } from "./components";
import { endContainers, endShims, forgetContainers } from "./containerd";
import { removeLeftovers } from "./leftovers";
import { removeBridge } from "./network";
import { stopProcess } from "./processes";
import { forgetSysctls, restoreSysctls, unstopped } from "./sysctls";

const stop = ({ name, grace }: Program) => stopProcess(name, grace);

/**
 * Stops the cluster, however much of it runs, and leaves the machine as it was before the start.
 * What etcd, the images and the documents hold is kept.
 */
export async function stopCluster(report: (line: string) => void): Promise<void> {
    const started = await unstopped();
    if (started === undefined) return;
    // After a reboot nothing is left but files, and what the kernel holds under these names is somebody else's.
    if (started === "since boot") {
        report("stopping the components");
        await Promise.all(clientsOfApiServer.map(stop));
        await stop(apiServer);
        await stop(etcd);
        report("stopping the containers");
        await endContainers(5000);
        await stop(containerd);
        await endShims();
        report("putting the machine back as it was");
        await removeLeftovers();
        await removeBridge();
        await restoreSysctls();
    }
    await forgetContainers();
    await forgetSysctls();
}
