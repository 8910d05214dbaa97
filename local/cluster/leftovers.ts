import { existsSync } from "node:fs";
import { readdir, readFile, rm, rmdir } from "node:fs/promises";
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { machine } from "../paths";
import { run } from "../run";
import { podNetwork } from "./settings";

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

/** Chains that the kubelet and kube-proxy make. */
const isKubernetesChain = (name: string) => name.startsWith("KUBE-");

/**
 * What iptables-restore --noflush needs to be told to take Kubernetes' chains away, from what iptables-save printed;
 * undefined where there are none.
 */
export function withoutKubernetesChains(saved: string): string | undefined {
    const tables: string[] = [];
    for (const table of saved.split(/^\*/m).slice(1)) {
        const lines = table.split("\n");
        const chains = lines.flatMap((line) => /^:(\S+)/.exec(line)?.[1] ?? []).filter(isKubernetesChain);
        if (chains.length === 0) continue;
        const jumps = lines.filter((line) => {
            const [, from, to] = /^-A (\S+) .*-[jg] (\S+)/.exec(line) ?? [];
            return from !== undefined && !isKubernetesChain(from) && isKubernetesChain(to);
        });
        tables.push(
            `*${lines[0]}`,
            // Naming a chain empties it; only then does no other hold it any more.
            ...chains.map((chain) => `:${chain} - [0:0]`),
            ...jumps.map((rule) => rule.replace(/^-A/, "-D")),
            ...chains.map((chain) => `-X ${chain}`),
            "COMMIT",
        );
    }
    return tables.length === 0 ? undefined : `${tables.join("\n")}\n`;
}

/** Both families: the kubelet makes its chains in each. */
const families = ["iptables", "ip6tables"] as const;

const save = (family: string) => spawnSync(`${family}-save`, { encoding: "utf8" }).stdout ?? "";

/** Whether this machine's packet filter has chains of a Kubernetes, ours or another. */
export function hasKubernetesChains(): boolean {
    return families.some((family) => withoutKubernetesChains(save(family)) !== undefined);
}

function removeChains(): void {
    for (const family of families) {
        const input = withoutKubernetesChains(save(family));
        if (input === undefined) continue;
        const { status, stderr } = spawnSync(`${family}-restore`, ["--noflush"], { input, encoding: "utf8" });
        if (status !== 0) throw new Error(`${family}-restore could not take the chains of Kubernetes away: ${stderr}`);
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
    if (!existsSync(directory)) return;
    for (const name of networkResults(await readdir(directory))) await rm(join(directory, name));
}

/** Takes away what containers and components that have all ended leave on the machine, and do not see to themselves. */
export async function removeLeftovers(): Promise<void> {
    await removeMounts();
    removeChains();
    await removeCgroups();
    await removeNetworkResults();
}
