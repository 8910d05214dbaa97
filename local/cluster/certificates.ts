import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import { writeDurably } from "../durable";
import { clusterContext, machine } from "../paths";
import { run } from "../run";
import { kubernetesVersion } from "../toolchain/tools";
import {
    apiServerPorts,
    apiServerUrls,
    controlPlane,
    directories,
    podSubnet,
    serviceSubnet,
    type Node,
} from "./settings";

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

/** What kubeadm makes the certificates from. Ten years, since nobody would be there to renew them. */
export function kubeadmConfiguration(certificatesDirectory: string): string {
    const apiVersion = "kubeadm.k8s.io/v1beta4";
    return [
        {
            apiVersion,
            kind: "InitConfiguration",
            localAPIEndpoint: { advertiseAddress: controlPlane.address, bindPort: apiServerPorts.node },
            nodeRegistration: { name: controlPlane.name, criSocket: "unix:///none" },
        },
        {
            apiVersion,
            kind: "ClusterConfiguration",
            clusterName: clusterContext,
            // Said here, or kubeadm would ask the network for the newest.
            kubernetesVersion,
            controlPlaneEndpoint: `${controlPlane.address}:${apiServerPorts.node}`,
            certificatesDir: certificatesDirectory,
            certificateValidityPeriod: "87600h",
            caCertificateValidityPeriod: "87600h",
            networking: { serviceSubnet, podSubnet },
            apiServer: { certSANs: ["127.0.0.1", "localhost"] },
        },
    ]
        .map((document) => stringify(document))
        .join("---\n");
}

interface Kubeconfig {
    clusters: { name: string; cluster: { server: string } }[];
    contexts: { name: string }[];
    users: { name: string }[];
    "current-context": string;
}

/**
 * A kubeconfig as kubeadm prints it, with its only context, cluster and user under one name: read together with a user's own
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
    const configuration = join(directories.configuration, "kubeadm.yaml");
    await mkdir(dirname(configuration), { recursive: true });
    await writeFile(configuration, kubeadmConfiguration(unfinished));
    await run("kubeadm", kubernetes, ["kubeadm", "init", "phase", "certs", "all", "--config", configuration], {
        deadlineSeconds: 60,
    });
    // Keys that a power cut left empty would never be made again.
    await run("sync", "sync", ["--file-system", unfinished], { deadlineSeconds: 300 });
    await rename(unfinished, directories.certificates);
}

/** Makes the kubeconfigs that are missing. The admin's comes last: who finds it finds a cluster that was set up. */
export async function ensureKubeconfigs(kubernetes: string, nodes: readonly Node[]): Promise<void> {
    const configuration = join(directories.configuration, "kubeadm.yaml");
    await mkdir(dirname(configuration), { recursive: true });
    await writeFile(configuration, kubeadmConfiguration(directories.certificates));
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
                    ...["kubeadm", "kubeconfig", "user", "--config", configuration, "--client-name", name],
                    ...groups.flatMap((group) => ["--org", group]),
                ]);
                await writeSecret(path, withName(printed.stdout, clusterContext, server));
            }),
    );
}
