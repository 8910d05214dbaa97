import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { buildImage } from "../images/image";
import { debianPackages, installPackages } from "../packages";
import { machine } from "../paths";
import { run } from "../run";
import { buildTool } from "../toolchain/build";
import { isHealthy } from "./api";
import { recordBefore } from "./before";
import { ensureCertificates, ensureKubeconfigs, kubeconfigOf } from "./certificates";
import { apiServer, clientsOfApiServer, containerd, etcd, kubelet, type Program } from "./components";
import { writeConfiguration } from "./configuration";
import { containerdAnswers, writeContainerdConfiguration } from "./containerd";
import { clusterIsUpSoon, nodeIsReady } from "./health";
import { importImage } from "./images";
import { kubernetesConflict } from "./packetFilter";
import { addBridge, networkConflicts } from "./network";
import { rememberedPods, waitForPods } from "./pods";
import { portConflicts } from "./ports";
import { findProcess, logFile, startProcess } from "./processes";
import { directories } from "./settings";
import { stopCluster } from "./stop";
import { writeVersion } from "./version";

/** Waits until `component` is ready. @throws with its log's path if it ends before, or takes too long. */
async function ready(component: Program, isReady: () => Promise<boolean>): Promise<void> {
    const seconds = 60;
    const deadline = Date.now() + seconds * 1000;
    while (!(await isReady())) {
        const why = (await findProcess(component.name)) === undefined ? "ended" : undefined;
        const late = Date.now() > deadline ? `was not ready after ${seconds} s` : undefined;
        if (why ?? late) throw new Error(`${component.name} ${why ?? late}. Its log: ${logFile(component.name)}`);
        await delay(100);
    }
}

/** @throws if something that is not ours is in the cluster's way. */
async function checkMachine(): Promise<void> {
    const kubernetes = kubernetesConflict();
    const conflicts = [...(kubernetes ? [kubernetes] : []), ...networkConflicts(), ...(await portConflicts())];
    if (conflicts.length > 0) throw new Error(conflicts.join("\n"));
}

/**
 * Starts the cluster, unless it is up. What was left by one that crashed, or went down with the machine, is cleared away
 * first; what etcd, the images and the documents hold is kept.
 *
 * @returns what of an earlier one had to be left on the machine, a sentence each.
 */
export async function startCluster(report: (line: string) => void): Promise<string[]> {
    if (await clusterIsUpSoon()) return [];
    if (process.getuid?.() !== 0) throw new Error("the local cluster needs root, as containers do here");
    await installPackages(debianPackages.cluster, report);
    const kubernetes = await buildTool("kubernetes", report);
    const sandbox = await buildImage("sandbox", report);
    const notes = await stopCluster(report);
    await checkMachine();

    report("preparing keys and configuration");
    // Others may not look into the keys; they may pass through to the documents.
    await mkdir(machine.directory, { recursive: true });
    await mkdir(machine.cluster, { recursive: true, mode: 0o700 });
    writeVersion(machine.cluster);
    await writeConfiguration();
    await writeContainerdConfiguration(sandbox.name);
    await ensureCertificates(kubernetes);
    recordBefore();
    await addBridge();

    report("starting containerd, etcd and the API server");
    const start = ({ name, args }: Program) => startProcess(name, kubernetes, [name, ...args]);
    await startProcess(containerd.name, "containerd", containerd.args);
    await start(etcd);
    await start(apiServer);
    await ensureKubeconfigs(kubernetes);
    // The kubelet would end at once if containerd did not answer yet.
    await ready(containerd, containerdAnswers);
    await Promise.all([importImage(sandbox.archive, report), ready(apiServer, () => isHealthy(apiServer.health))]);
    const admin = ["--kubeconfig", kubeconfigOf("superAdmin"), "--cache-dir", directories.kubectlCache];
    const rights = ["apply", "--server-side", "--filename", join(__dirname, "rights.yaml")];
    await run("kubectl-rights", kubernetes, ["kubectl", ...admin, ...rights], { deadlineSeconds: 60 });

    report("starting the node");
    const pods = await rememberedPods();
    // Kubernetes writes heartbeats in whole seconds.
    const since = new Date(Math.floor(Date.now() / 1000) * 1000);
    await Promise.all(clientsOfApiServer.map(start));
    await Promise.all(clientsOfApiServer.map((component) => ready(component, () => isHealthy(component.health))));
    await ready(kubelet, () => nodeIsReady(since));
    if (pods.size > 0) report(`waiting for the pods that ran before: ${pods.size}`);
    await waitForPods(pods, since);
    return notes;
}
