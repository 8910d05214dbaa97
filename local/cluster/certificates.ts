import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import { writeDurably } from "../machine/durable";
import { clusterContext, machine } from "../machine/paths";
import { run } from "../machine/run";
import { apiServerPorts, apiServerUrls, controlPlane, directories, serviceSubnet, type Node } from "./settings";

/** Who calls the API server: the name in each client certificate and the groups it gives rights by. */
const clients = {
    admin: { name: "kubernetes-admin", groups: ["kubeadm:cluster-admins"] },
    // Has every right without any role: it creates the binding that gives `admin` its own.
    superAdmin: { name: "kubernetes-super-admin", groups: ["system:masters"] },
    forwarder: { name: "document-sync:forwarder", groups: [] },
    controllerManager: { name: "system:kube-controller-manager", groups: [] },
    scheduler: { name: "system:kube-scheduler", groups: [] },
    provisioner: { name: "document-sync:provisioner", groups: [] },
    proxy: { name: "system:kube-proxy", groups: [] },
    dns: { name: "document-sync:dns", groups: [] },
    networkPolicies: { name: "document-sync:network-policies", groups: [] },
} as const;

export type Client = keyof typeof clients | "kubelet";

/** Those that are outside of the nodes, on the machine. */
const onMachine: readonly Client[] = ["admin", "superAdmin", "forwarder"];

/** The kubeconfig that `client` reads; `admin`'s is the one that people and Pulumi use. A kubelet's is its node's. */
export function kubeconfigOf(client: Exclude<Client, "kubelet"> | Node): string {
    if (client === "admin") return machine.kubeconfig;
    return join(directories.kubeconfigs, `${typeof client === "string" ? client : `kubelet-${client.name}`}.conf`);
}

/** Kubeconfigs that a node's programs read, by the client's name. */
export function kubeconfigsOf(node: Node): Map<Client, string> {
    const everywhere = ["proxy", "dns", "networkPolicies"] as const;
    const control = ["controllerManager", "scheduler", "provisioner"] as const;
    const own = node.index === controlPlane.index ? [...everywhere, ...control] : everywhere;
    return new Map<Client, string>([
        ["kubelet", kubeconfigOf(node)],
        ...own.map((client): [Client, string] => [client, kubeconfigOf(client)]),
    ]);
}

/** What the keys in a directory are made for: the API server's address among the nodes, and loopback. */
const keysFor = (directory: string): string[] => [
    "keys",
    `--directory=${directory}`,
    `--address=${controlPlane.address}`,
    `--port=${apiServerPorts.node}`,
    `--node=${controlPlane.name}`,
    `--service-subnet=${serviceSubnet}`,
];

interface Kubeconfig {
    clusters: { name: string; cluster: { server: string } }[];
    contexts: { name: string }[];
    users: { name: string }[];
    "current-context": string;
}

/**
 * A kubeconfig as it is printed for a client, with its only context, cluster and user under one name: read together with a user's own
 * files, nothing of it has the name that kubeadm gives in every cluster.
 *
 * @param server the API server's URL, as its reader reaches it.
 */
export function withName(kubeconfig: string, name: string, server: string): string {
    const parsed = parse(kubeconfig) as Kubeconfig;
    return stringify({
        ...parsed,
        clusters: parsed.clusters.map((entry) => ({ name, cluster: { ...entry.cluster, server } })),
        contexts: [{ name, context: { cluster: name, user: name } }],
        users: parsed.users.map((entry) => ({ ...entry, name })),
        "current-context": name,
    });
}

/** Writes a file that only root can read, whole or not at all. */
async function writeSecret(path: string, text: string): Promise<void> {
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    writeDurably(path, text);
}

/** Makes the cluster's keys, once: they go with etcd's data, which is encrypted with nothing but signed by them. */
export async function ensureCertificates(kubernetes: string): Promise<void> {
    if (existsSync(directories.certificates)) return;
    const unfinished = `${directories.certificates}.new`;
    await rm(unfinished, { recursive: true, force: true });
    await run("keys", kubernetes, keysFor(unfinished), { deadlineSeconds: 60 });
    // Keys that a power cut left empty would never be made again.
    await run("sync", "sync", ["--file-system", unfinished], { deadlineSeconds: 300 });
    await rename(unfinished, directories.certificates);
}

/** Makes the kubeconfigs that are missing. */
export async function ensureKubeconfigs(kubernetes: string, nodes: readonly Node[]): Promise<void> {
    const wanted = [
        ...(Object.keys(clients) as (keyof typeof clients)[]).map((client) => ({
            ...clients[client],
            path: kubeconfigOf(client),
            server: onMachine.includes(client) ? apiServerUrls.machine : apiServerUrls.node,
        })),
        ...nodes.map((node) => ({
            name: `system:node:${node.name}`,
            groups: ["system:nodes"],
            path: kubeconfigOf(node),
            server: apiServerUrls.node,
        })),
    ];
    await Promise.all(
        wanted
            .filter(({ path }) => !existsSync(path))
            .map(async ({ name, groups, path, server }) => {
                // Not by run(), which keeps output in a log: this one is a private key.
                const printed = await promisify(execFile)(kubernetes, [
                    ...keysFor(directories.certificates),
                    `--client=${name}`,
                    ...groups.map((group) => `--group=${group}`),
                ]);
                await writeSecret(path, withName(printed.stdout, clusterContext, server));
            }),
    );
}
