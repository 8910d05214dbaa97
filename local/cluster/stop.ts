import { components, apiServer, clientsOfApiServer, containerd, etcd } from "./components";
import { endContainers, endShims, forgetContainers } from "./containerd";
import { removeLeftovers } from "./leftovers";
import { removeBridge } from "./network";
import { findProcess, stopProcess } from "./processes";
import { restoreSysctls, sysctlsAreRecorded } from "./sysctls";
import type { Component } from "./components";

const stop = ({ name, grace }: Component) => stopProcess(name, grace);

/**
 * Stops the cluster, however much of it runs, and leaves the machine as it was before the start.
 * What etcd, the images and the documents hold is kept.
 */
export async function stopCluster(report: (line: string) => void): Promise<void> {
    const running = await Promise.all(components.map(({ name }) => findProcess(name)));
    // Recorded at each start and forgotten at the end of each stop.
    if (running.every((process) => process === undefined) && !(await sysctlsAreRecorded())) return;
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
    await forgetContainers();
    await restoreSysctls();
}
