import { existsSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { buildImage } from "../artifacts/images/image";
import { endBox, startBox } from "../node/boxes";
import { debianPackages, installPackages } from "../machine/packages";
import { machine } from "../machine/paths";
import { run } from "../machine/run";
import { prepareGluster } from "./storage/gluster";
import { storageClasses } from "./storage/storageClasses";
import { buildTool } from "../artifacts/toolchain/build";
import { readObject } from "./api";
import { ensureCertificates, ensureKubeconfigs, kubeconfigOf } from "./certificates";
import { letProgramsStart, programScript, writeNode } from "./configuration";
import { apiServerIsReady, clusterIsUpSoon, nodeIsReady, nodeIsWell, unwellPrograms } from "./health";
import { ctr, importImage } from "./images";
import { nodeRuns, rememberedNodes, rememberNodes, startNode } from "./nodes";
import { rememberedPods, waitForPods } from "./pods";
import {
    apiServerPorts,
    clusterBox,
    controlPlane,
    describeNodes,
    directories,
    hasReplicas,
    nodeNetwork,
    type Node,
} from "./settings";
import { stopCluster, type BeforeStop } from "./stop";
import { writeVersion } from "./version";

/** Waits until it is so. @throws naming `what` and the log to read if it takes too long. */
async function until(
    what: string,
    log: string,
    isSo: () => Promise<boolean>,
    explain: () => Promise<string> = () => Promise.resolve(""),
): Promise<void> {
    const seconds = 240;
    const deadline = Date.now() + seconds * 1000;
    while (!(await isSo())) {
        if (Date.now() > deadline) {
            throw new Error(`${what} after ${seconds} s${await explain()}. Its log: ${log}.`);
        }
        await delay(100);
    }
}

const logOf = (node: Node, program: string) => join(node.directory, "var", "log", `${program}.log`);

/** Starts the outer box, with the forwarder in it. */
async function startOuterBox(kubernetes: string): Promise<void> {
    const forwarder = join(directories.configuration, "forwarder");
    const command = [
        ...[kubernetes, "forwarder", `--kubeconfig=${kubeconfigOf("forwarder")}`, `--node=${controlPlane.address}`],
        `--api=${apiServerPorts.machine}=${apiServerPorts.node}`,
    ];
    await writeFile(forwarder, programScript({ name: "forwarder", command }), { mode: 0o700 });
    await mkdir(directories.logs, { recursive: true });
    await startBox(clusterBox, join(__dirname, "..", "node", "outer.sh"), {
        env: {
            BRIDGE: nodeNetwork.bridge,
            GATEWAY: `${nodeNetwork.gateway}/${nodeNetwork.prefixLength}`,
            LOGS: directories.logs,
            FORWARDER: forwarder,
        },
        log: join(directories.logs, "box.log"),
    });
}

/** Waits until a node takes pods and all its programs are well. */
async function waitForNode(node: Node, since: Date): Promise<void> {
    const explain = async () => ` (not well: ${(await unwellPrograms(node)).join(", ") || "none of its programs"})`;
    await until(`${node.name} was not ready`, logOf(node, "kubelet"), () => nodeIsReady(node, since), explain);
    const logs = join(node.directory, "var", "log");
    await until(`Not all programs of ${node.name} were well`, logs, () => nodeIsWell(node), explain);
}

/** Waits until containerd answers, and makes the image known that every pod is held by. */
async function importSandbox(node: Node, archive: string, report: (line: string) => void): Promise<void> {
    await until(`containerd of ${node.name} did not answer`, logOf(node, "containerd"), () =>
        ctr(node, ["version"], 10).then(
            () => true,
            () => false,
        ),
    );
    await importImage(archive, report, [node]);
}

/** Makes the objects that the cluster always has: the rights of its own users, and its StorageClasses. */
async function applyOwnObjects(kubernetes: string, nodes: number): Promise<void> {
    const classes = join(directories.configuration, "storage-classes.json");
    await writeFile(classes, storageClasses(hasReplicas(nodes)));
    const admin = ["--kubeconfig", kubeconfigOf("superAdmin"), "--cache-dir", directories.kubectlCache];
    const files = [join(__dirname, "rights.yaml"), classes].flatMap((file) => ["--filename", file]);
    const apply = ["kubectl", ...admin, "apply", "--server-side", ...files];
    await run("kubectl-own-objects", kubernetes, apply, { deadlineSeconds: 60 });
}

/** Forgets nodes that the cluster had when it was larger, and their pods, which are made anew on those that there are. */
async function forgetOtherNodes(kubernetes: string, wanted: readonly Node[]): Promise<void> {
    const known = await readObject<{ items: { metadata: { name: string } }[] }>("/api/v1/nodes");
    const names = known?.items.map(({ metadata }) => metadata.name) ?? [];
    const admin = ["--kubeconfig", kubeconfigOf("admin"), "--cache-dir", directories.kubectlCache];
    const remove = (...args: string[]) =>
        run("kubectl-other-nodes", kubernetes, ["kubectl", ...admin, "delete", ...args], { deadlineSeconds: 60 });
    for (const name of names.filter((other) => wanted.every((node) => node.name !== other))) {
        // Nobody is there to say that they have ended.
        const pods = ["pods", "--all-namespaces", "--field-selector", `spec.nodeName=${name}`];
        await remove(...pods, "--force", "--grace-period=0");
        await remove("node", name);
    }
}

/** The programs that nodes have beyond the machine's own, in a directory: those of the replicated file system, if there is one. */
const nodeTools = (nodes: number, report: (line: string) => void) => (hasReplicas(nodes) ? prepareGluster(report) : "");

/** Kubernetes writes heartbeats in whole seconds. */
const thisSecond = () => new Date(Math.floor(Date.now() / 1000) * 1000);

/** Starts nodes whose boxes are not there, in a cluster whose API server is well. */
export async function startWorkers(nodes: readonly Node[], report: (line: string) => void): Promise<void> {
    const kubernetes = await buildTool("kubernetes", report);
    const sandbox = await buildImage("sandbox", report);
    const tools = await nodeTools(rememberedNodes(), report);
    await ensureKubeconfigs(kubernetes, nodes);
    const since = thisSecond();
    await Promise.all(
        nodes.map(async (node) => {
            report(`starting ${node.name}`);
            await writeNode(node, rememberedNodes(), sandbox.name);
            // With its old cgroups there, the kubelet would wait three seconds for each container that it had.
            await endBox(node.box);
            await startNode(node, kubernetes, tools);
            await importSandbox(node, sandbox.archive, report);
            // The cluster is up, so they have their rights; but a start that was cut off may not have come to this node.
            letProgramsStart(node);
            await waitForNode(node, since);
        }),
    );
}

/**
 * Starts the cluster, unless it is up. What was left by one that crashed is cleared away first; what etcd, the images and the
 * documents hold is kept.
 *
 * @param beforeStop is waited for if one runs that is not well, or has another number of nodes.
 * @param nodes how many there shall be; as many as the last time if it isn't said.
 */
export async function startCluster(
    report: (line: string) => void,
    beforeStop: BeforeStop,
    nodes = rememberedNodes(),
): Promise<void> {
    const wanted = describeNodes(nodes);
    if (nodes === rememberedNodes() && (await clusterIsUpSoon())) {
        const lost = wanted.filter((node) => !nodeRuns(node));
        if (lost.length > 0) await startWorkers(lost, report);
        return;
    }
    if (process.getuid?.() !== 0)
        throw new Error("The local cluster needs root, as containers do here. Run it as root.");
    if (hasReplicas(nodes) && !existsSync("/dev/fuse")) {
        throw new Error(
            `A cluster of ${nodes} nodes has a replicated file system, which needs /dev/fuse: load the kernel's module fuse, ` +
                "or choose another number of nodes (--nodes).",
        );
    }
    await installPackages(debianPackages.cluster, report);
    const kubernetes = await buildTool("kubernetes", report);
    const sandbox = await buildImage("sandbox", report);
    const tools = await nodeTools(nodes, report);
    await stopCluster(report, beforeStop);

    report("preparing keys and configuration");
    // Others may not look into the keys; they may pass through to the documents.
    await mkdir(machine.directory, { recursive: true });
    await mkdir(machine.cluster, { recursive: true, mode: 0o700 });
    await mkdir(directories.configuration, { recursive: true });
    writeVersion(machine.cluster);
    rememberNodes(nodes);
    await ensureCertificates(kubernetes);
    await ensureKubeconfigs(kubernetes, wanted);
    await Promise.all(wanted.map((node) => writeNode(node, nodes, sandbox.name)));

    report("starting the nodes");
    const since = thisSecond();
    await startOuterBox(kubernetes);
    await Promise.all(wanted.map((node) => startNode(node, kubernetes, tools)));
    await Promise.all([
        ...wanted.map((node) => importSandbox(node, sandbox.archive, report)),
        until("The API server was not ready", logOf(controlPlane, "kube-apiserver"), apiServerIsReady),
    ]);
    await applyOwnObjects(kubernetes, nodes);
    await forgetOtherNodes(kubernetes, wanted);
    wanted.forEach(letProgramsStart);

    report("waiting for the nodes");
    const pods = await rememberedPods();
    await Promise.all(wanted.map((node) => waitForNode(node, since)));
    if (pods.size > 0) report(`waiting for the pods that ran before: ${pods.size}`);
    await waitForPods(pods, since);
}
