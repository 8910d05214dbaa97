import { join } from "node:path";
import { machine } from "../paths";

/** Where each part of the cluster keeps what it must not lose, or what it writes for others to read. */
export const directories = {
    certificates: join(machine.cluster, "pki"),
    kubeconfigs: join(machine.cluster, "kubeconfigs"),
    configuration: join(machine.cluster, "configuration"),
    etcd: join(machine.cluster, "etcd"),
    kubelet: join(machine.cluster, "kubelet"),
    /** Stays empty; by default the kubelet and the controller manager would make one in /usr/libexec. */
    volumePlugins: join(machine.cluster, "kubelet", "volume-plugins"),
    containerdRoot: join(machine.cluster, "containerd", "root"),
    /** What containerd keeps of running containers: sockets, bundles, mounts, network namespaces. Emptied at each stop. */
    containerdState: join(machine.cluster, "containerd", "state"),
    /** Which pod has which address. Emptied at each stop. */
    podAddresses: join(machine.cluster, "pod-addresses"),
    logs: join(machine.cluster, "logs"),
    podLogs: join(machine.cluster, "logs", "pods"),
    processes: join(machine.cluster, "processes"),
    kubectlCache: join(machine.cluster, "kubectl"),
} as const;

/** containerd's socket. */
export const containerdSocket = join(machine.cluster, "containerd", "containerd.sock");

/**
 * The node's name. The API server calls a node's kubelet by the node's name, and this one is answered on loopback;
 * as an address, Kubernetes accepts no loopback one.
 */
export const nodeName = "localhost";

/** The network of the pods. Its bridge carries `gateway`, the one address of ours that is not on loopback. */
export const podNetwork = {
    name: "document-sync",
    bridge: "dsync0",
    subnet: "10.244.0.0/24",
    gateway: "10.244.0.1",
    prefixLength: 24,
} as const;

/** Addresses of Services; they exist in iptables only. */
export const serviceSubnet = "10.96.0.0/16";

/**
 * Ports on 127.0.0.1. None is the usual one of its program, so that an etcd or a Kubernetes that somebody else runs here
 * is not in the way.
 */
export const ports = {
    apiServer: 16443,
    etcd: 12379,
    etcdPeer: 12380,
    etcdHealth: 12381,
    kubelet: 11250,
    kubeletHealth: 11248,
    controllerManager: 11257,
    scheduler: 11259,
    proxyHealth: 11256,
    proxyMetrics: 11249,
    dnsReady: 11181,
} as const;

export const apiServerUrl = `https://127.0.0.1:${ports.apiServer}`;
