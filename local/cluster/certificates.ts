import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { promisify } from "node:util";
import { parse, stringify } from "yaml";
import { writeDurably } from "../durable";
import { clusterContext, machine } from "../paths";
import { run } from "../run";
import { directories, nodeName, podNetwork, ports, serviceSubnet } from "./settings";

/** Who calls the API server: the name in each client certificate and the groups it gives rights by. */
const clients = {
    admin: { name: "kubernetes-admin", groups: ["kubeadm:cluster-admins"] },
    // Has every right without any role: it creates the binding that gives `admin` its own.
    superAdmin: { name: "kubernetes-super-admin", groups: ["system:masters"] },
    controllerManager: { name: "system:kube-controller-manager", groups: [] },
    scheduler: { name: "system:kube-scheduler", groups: [] },
    kubelet: { name: `system:node:${nodeName}`, groups: ["system:nodes"] },
    proxy: { name: "system:kube-proxy", groups: [] },
    dns: { name: "document-sync:dns", groups: [] },
} as const;

export type Client = keyof typeof clients;

/** The kubeconfig that `client` reads; `admin`'s is the one that people and Pulumi use. */
export function kubeconfigOf(client: Client): string {
    return client === "admin" ? machine.kubeconfig : join(directories.kubeconfigs, `${client}.conf`);
}

/** What kubeadm makes the certificates from. Ten years, since nobody would be there to renew them. */
export function kubeadmConfiguration(certificatesDirectory: string): string {
    const apiVersion = "kubeadm.k8s.io/v1beta4";
    return [
        {
            apiVersion,
            kind: "InitConfiguration",
            localAPIEndpoint: { advertiseAddress: podNetwork.gateway, bindPort: ports.apiServer },
            nodeRegistration: { name: nodeName, criSocket: "unix:///none" },
        },
        {
            apiVersion,
            kind: "ClusterConfiguration",
            clusterName: clusterContext,
            // Said here, or kubeadm would ask the network for the newest.
            kubernetesVersion: "v1.35.4",
            controlPlaneEndpoint: `127.0.0.1:${ports.apiServer}`,
            certificatesDir: certificatesDirectory,
            certificateValidityPeriod: "87600h",
            caCertificateValidityPeriod: "87600h",
            networking: { serviceSubnet, podSubnet: podNetwork.subnet },
            apiServer: { certSANs: ["127.0.0.1", "localhost"] },
        },
    ]
        .map((document) => stringify(document))
        .join("---\n");
}

interface Kubeconfig {
    clusters: { name: string }[];
    contexts: { name: string }[];
    users: { name: string }[];
    "current-context": string;
}

/**
 * A kubeconfig as kubeadm prints it, with its only context, cluster and user under one name: read together with a user's own
 * files, nothing of it has the name that kubeadm gives in every cluster.
 */
export function withName(kubeconfig: string, name: string): string {
    const parsed = parse(kubeconfig) as Kubeconfig;
    return stringify({
        ...parsed,
        clusters: parsed.clusters.map((entry) => ({ ...entry, name })),
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
export async function ensureKubeconfigs(kubernetes: string): Promise<void> {
    const configuration = join(directories.configuration, "kubeadm.yaml");
    await writeFile(configuration, kubeadmConfiguration(directories.certificates));
    const missing = (Object.keys(clients) as Client[]).filter((client) => !existsSync(kubeconfigOf(client)));
    await Promise.all(
        missing.map(async (client) => {
            const { name, groups } = clients[client];
            // Not by run(), which keeps output in a log: this one is a private key.
            const printed = await promisify(execFile)(kubernetes, [
                ...["kubeadm", "kubeconfig", "user", "--config", configuration, "--client-name", name],
                ...groups.flatMap((group) => ["--org", group]),
            ]);
            await writeSecret(kubeconfigOf(client), withName(printed.stdout, clusterContext));
        }),
    );
}
