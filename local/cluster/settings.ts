import { join } from "node:path";
import { machine } from "../machine/paths";

/** Where the cluster keeps what it must not lose, on the machine. Each node has a directory of its own beside these: {@link Node}. */
export const directories = {
    certificates: join(machine.cluster, "pki"),
    kubeconfigs: join(machine.cluster, "kubeconfigs"),
    configuration: join(machine.cluster, "configuration"),
    nodes: join(machine.cluster, "nodes"),
    logs: join(machine.cluster, "logs"),
    kubectlCache: join(machine.cluster, "kubectl"),
} as const;

/** Name of the outer box, in which each node is a box, and of its cgroup. */
export const clusterBox = "document-sync";

/** As many as have an address, and more than fit on most machines. */
export const mostNodes = 9;

/** The network of the nodes, in the outer box. */
export const nodeNetwork = {
    bridge: "nodes",
    gateway: "10.240.0.1",
    prefixLength: 24,
} as const;

/** Addresses of pods: each node has a part. */
export const podSubnet = "10.244.0.0/16";

/** Addresses of Services; they exist in iptables only. */
export const serviceSubnet = "10.96.0.0/16";

/**
 * The queues of new connections for which the program is asked that knows the NetworkPolicies: first for those whose pods it does not
 * know yet, then for all. Also in toolchain/kubernetes/{newpods,policies}.go.
 */
export const policyQueues = { newPods: 101, policies: 100 } as const;

/** A node of the cluster: a box with its own network, root and kubelet. The first one has the control plane. */
export interface Node {
    readonly name: string;
    /** From 1. */
    readonly index: number;
    readonly zone: string;
    readonly address: string;
    readonly podSubnet: string;
    /** Name of its box. */
    readonly box: string;
    /** Its files on the machine: `var` is its /var, `node` its /node. */
    readonly directory: string;
}

export function describeNode(index: number): Node {
    const name = `node${index}`;
    return {
        name,
        index,
        zone: `zone${index}`,
        address: `10.240.0.${10 + index}`,
        podSubnet: `10.244.${index}.0/24`,
        box: `${clusterBox}/${name}`,
        directory: join(directories.nodes, name),
    };
}

/** The nodes of a cluster of this size. */
export const describeNodes = (count: number): Node[] =>
    Array.from({ length: count }, (_, index) => describeNode(index + 1));

/** Whether a cluster of so many nodes has a file system of three replicas. */
export const hasReplicas = (nodes: number) => nodes === 3;

export const controlPlane = describeNode(1);

/** Ports of the API server: on the machine's loopback, where a Kubernetes of somebody else may have the usual one; and on the node. */
export const apiServerPorts = { machine: 16443, node: 6443 } as const;

/** The API server as the machine reaches it, and as the nodes do. */
export const apiServerUrls = {
    machine: `https://127.0.0.1:${apiServerPorts.machine}`,
    node: `https://${controlPlane.address}:${apiServerPorts.node}`,
} as const;

/** Directories of the machine that every node has at the same path: what stacks and StorageClasses keep. */
export const sharedDirectories = [machine.documents, machine.shared] as const;
