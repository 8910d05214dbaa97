import { existsSync } from "node:fs";
import { readdir, readFile, readlink, rm, rmdir } from "node:fs/promises";
import { dirname, join } from "node:path";
import { machine } from "../paths";
import { run } from "../run";
import { removeKubernetesChains } from "./packetFilter";
import { podNetwork } from "./settings";

async function entries(directory: string): Promise<string[]> {
    return existsSync(directory) ? readdir(directory) : [];
}

/** Mount points under `directory` in the text of a /proc/self/mountinfo (proc(5)), innermost first. */
export function mountsUnder(directory: string, mountinfo: string): string[] {
    return mountinfo
        .split("\n")
        .map((line) => line.split(" ")[4] ?? "")
        .map((path) => path.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(parseInt(octal, 8))))
        .filter((path) => path.startsWith(`${directory}/`))
        .reverse();
}

async function removeMounts(): Promise<void> {
    for (const path of mountsUnder(machine.cluster, await readFile("/proc/self/mountinfo", "utf8"))) {
        await run("umount", "umount", ["--lazy", "--no-canonicalize", path]);
    }
}

/** Removes a cgroup and those in it. The kernel lets none go that still holds a process. */
async function removeCgroup(path: string): Promise<void> {
    for (const entry of await readdir(path, { withFileTypes: true })) {
        if (entry.isDirectory()) await removeCgroup(join(path, entry.name));
    }
    await rmdir(path);
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

/** What the kubelet writes into two directories that it takes from no setting: links to its logs, and a socket. */
async function removeKubeletFiles(): Promise<void> {
    const links = "/var/log/containers";
    for (const name of await entries(links)) {
        const path = join(links, name);
        const target = await readlink(path).catch(() => "");
        if (target.startsWith(`${machine.cluster}/`)) await rm(path);
    }
    const sockets = "/var/lib/kubelet/device-plugins";
    await rm(join(sockets, "kubelet.sock"), { force: true });
    for (const directory of [links, sockets, dirname(sockets)]) {
        if (existsSync(directory) && (await entries(directory)).length === 0) await rmdir(directory);
    }
}

/** Takes away what containers and components that have all ended leave on the machine, and do not see to themselves. */
export async function removeLeftovers(): Promise<void> {
    await removeMounts();
    removeKubernetesChains();
    await removeCgroups();
    await removeNetworkResults();
    await removeKubeletFiles();
}
