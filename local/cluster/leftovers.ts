import { existsSync } from "node:fs";
import { readdir, readFile, readlink, rm, rmdir } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { machine } from "../paths";
import { run } from "../run";
import { mountsUnder } from "./mounts";
import { removeKubernetesChains } from "./packetFilter";
import { directories, podNetwork } from "./settings";

async function entries(directory: string): Promise<string[]> {
    return existsSync(directory) ? readdir(directory) : [];
}

/** Where programs of the cluster mount file systems. What somebody else may have put a disk under is none of these. */
const mountRoots = [
    directories.kubelet,
    directories.containerdRoot,
    directories.containerdState,
    directories.podAddresses,
];

/** Takes away what the cluster's programs have mounted. */
export async function removeMounts(): Promise<void> {
    const mountinfo = await readFile("/proc/self/mountinfo", "utf8");
    const inside = mountRoots.flatMap((root) => mountsUnder(root, mountinfo));
    // The kubelet mounts its own directory on itself, so that what it mounts in it is seen by containers.
    const own = mountsUnder(machine.cluster, mountinfo).filter((path) => path === directories.kubelet);
    for (const path of [...inside, ...own]) {
        await run("umount", "umount", ["--lazy", "--no-canonicalize", path], { deadlineSeconds: 10 });
    }
}

/** Removes a cgroup and those in it. The kernel lets none go in which a process is, or just was. */
export async function removeCgroup(path: string, deadline = Date.now() + 5000): Promise<void> {
    for (const entry of await readdir(path, { withFileTypes: true })) {
        if (entry.isDirectory()) await removeCgroup(join(path, entry.name), deadline);
    }
    for (;;) {
        try {
            return await rmdir(path);
        } catch (error) {
            if ((error as NodeJS.ErrnoException).code !== "EBUSY") throw error;
            if (Date.now() > deadline) throw new Error(`the cgroup ${path} still holds a process`);
            await delay(50);
        }
    }
}

async function removeCgroups(): Promise<void> {
    const root = "/sys/fs/cgroup";
    // Version 1 has a hierarchy for each controller, version 2 a single one.
    const hierarchies = [root, ...(await readdir(root)).map((name) => join(root, name))];
    for (const hierarchy of hierarchies) {
        const pods = join(hierarchy, "kubepods");
        if (existsSync(pods)) await removeCgroup(pods);
    }
}

/**
 * Files of ours among those in which the CNI library writes down pods' interfaces, NETWORK-POD-INTERFACE: of our network,
 * and of the loopback one that containerd gives each pod beside it.
 */
export function networkResults(names: readonly string[]): string[] {
    const prefix = `${podNetwork.name}-`;
    const pods = names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length).split("-")[0]);
    return names.filter((name) => pods.some((pod) => name.includes(`-${pod}-`)));
}

async function removeNetworkResults(): Promise<void> {
    const directory = "/var/lib/cni/results";
    for (const name of networkResults(await entries(directory))) await rm(join(directory, name));
}

/** Whether a process listens at this path: proc_net_unix of proc(5). */
async function isListenedAt(path: string): Promise<boolean> {
    return (await readFile("/proc/net/unix", "utf8")).split("\n").some((line) => line.endsWith(` ${path}`));
}

/** What the kubelet writes into two directories that it takes from no setting: links to its logs, and a socket. */
async function removeKubeletFiles(): Promise<void> {
    const links = "/var/log/containers";
    for (const name of await entries(links)) {
        const path = join(links, name);
        const target = await readlink(path).catch(() => "");
        if (target.startsWith(`${machine.cluster}/`)) await rm(path);
    }
    const socket = "/var/lib/kubelet/device-plugins/kubelet.sock";
    if (!(await isListenedAt(socket))) await rm(socket, { force: true });
}

/**
 * Takes away what containers and components that have all ended leave in the kernel under names that every Kubernetes
 * uses: none other may run here.
 */
export async function removeFromKernel(): Promise<void> {
    removeKubernetesChains();
    await removeCgroups();
}

/** Takes away what they leave in directories that are not the cluster's own. */
export async function removeFiles(): Promise<void> {
    await removeNetworkResults();
    await removeKubeletFiles();
}
