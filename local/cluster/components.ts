import { join } from "node:path";
import { kubeconfigOf } from "./certificates";
import { configurationFile } from "./containerd";
import { apiServerUrl, directories, nodeName, podNetwork, ports, serviceSubnet } from "./settings";

/** A program of the cluster that runs on the machine itself. */
export interface Program {
    readonly name: string;
    readonly args: readonly string[];
    /** How long it may take to end, in milliseconds. */
    readonly grace: number;
}

export interface Component extends Program {
    /** The URL that answers 200 once it is ready. */
    readonly health: string;
    /** Its ports on 127.0.0.1. */
    readonly ports: readonly number[];
}

const certificate = (name: string) => join(directories.certificates, name);
const configuration = (name: string) => join(directories.configuration, name);

/** Debian's, not of the binary that holds the others. */
export const containerd: Program = {
    name: "containerd",
    args: ["--config", configurationFile],
    grace: 5000,
};

export const etcd: Component = {
    name: "etcd",
    args: [
        "--name=default",
        `--data-dir=${directories.etcd}`,
        `--listen-client-urls=https://127.0.0.1:${ports.etcd}`,
        `--advertise-client-urls=https://127.0.0.1:${ports.etcd}`,
        `--listen-peer-urls=https://127.0.0.1:${ports.etcdPeer}`,
        `--initial-advertise-peer-urls=https://127.0.0.1:${ports.etcdPeer}`,
        `--initial-cluster=default=https://127.0.0.1:${ports.etcdPeer}`,
        `--listen-metrics-urls=http://127.0.0.1:${ports.etcdHealth}`,
        "--client-cert-auth",
        `--trusted-ca-file=${certificate("etcd/ca.crt")}`,
        `--cert-file=${certificate("etcd/server.crt")}`,
        `--key-file=${certificate("etcd/server.key")}`,
        "--peer-client-cert-auth",
        `--peer-trusted-ca-file=${certificate("etcd/ca.crt")}`,
        `--peer-cert-file=${certificate("etcd/peer.crt")}`,
        `--peer-key-file=${certificate("etcd/peer.key")}`,
    ],
    health: `http://127.0.0.1:${ports.etcdHealth}/readyz`,
    ports: [ports.etcd, ports.etcdPeer, ports.etcdHealth],
    grace: 10_000,
};

export const apiServer: Component = {
    name: "kube-apiserver",
    args: [
        "--bind-address=127.0.0.1",
        `--secure-port=${ports.apiServer}`,
        // An address must be given that is not on loopback; nobody is told of it, as no pod can reach the API server.
        `--advertise-address=${podNetwork.gateway}`,
        "--endpoint-reconciler-type=none",
        `--etcd-servers=https://127.0.0.1:${ports.etcd}`,
        `--etcd-cafile=${certificate("etcd/ca.crt")}`,
        `--etcd-certfile=${certificate("apiserver-etcd-client.crt")}`,
        `--etcd-keyfile=${certificate("apiserver-etcd-client.key")}`,
        `--tls-cert-file=${certificate("apiserver.crt")}`,
        `--tls-private-key-file=${certificate("apiserver.key")}`,
        `--client-ca-file=${certificate("ca.crt")}`,
        `--kubelet-client-certificate=${certificate("apiserver-kubelet-client.crt")}`,
        `--kubelet-client-key=${certificate("apiserver-kubelet-client.key")}`,
        "--kubelet-preferred-address-types=Hostname",
        "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
        `--service-account-key-file=${certificate("sa.pub")}`,
        `--service-account-signing-key-file=${certificate("sa.key")}`,
        `--requestheader-client-ca-file=${certificate("front-proxy-ca.crt")}`,
        `--service-cluster-ip-range=${serviceSubnet}`,
        "--authorization-mode=Node,RBAC",
        "--enable-admission-plugins=NodeRestriction",
    ],
    health: `${apiServerUrl}/readyz`,
    ports: [ports.apiServer],
    grace: 5000,
};

const controllerManager: Component = {
    name: "kube-controller-manager",
    args: [
        "--bind-address=127.0.0.1",
        `--secure-port=${ports.controllerManager}`,
        `--kubeconfig=${kubeconfigOf("controllerManager")}`,
        `--authentication-kubeconfig=${kubeconfigOf("controllerManager")}`,
        `--authorization-kubeconfig=${kubeconfigOf("controllerManager")}`,
        `--root-ca-file=${certificate("ca.crt")}`,
        `--service-account-private-key-file=${certificate("sa.key")}`,
        "--use-service-account-credentials",
        `--flex-volume-plugin-dir=${directories.volumePlugins}`,
        "--leader-elect=false",
        // The binder loses a race between a volume and its claim, and would look again after 15 s.
        "--pvclaimbinder-sync-period=1s",
    ],
    health: `https://127.0.0.1:${ports.controllerManager}/healthz`,
    ports: [ports.controllerManager],
    grace: 5000,
};

const scheduler: Component = {
    name: "kube-scheduler",
    args: [
        "--bind-address=127.0.0.1",
        `--secure-port=${ports.scheduler}`,
        `--kubeconfig=${kubeconfigOf("scheduler")}`,
        `--authentication-kubeconfig=${kubeconfigOf("scheduler")}`,
        `--authorization-kubeconfig=${kubeconfigOf("scheduler")}`,
        "--leader-elect=false",
    ],
    health: `https://127.0.0.1:${ports.scheduler}/healthz`,
    ports: [ports.scheduler],
    grace: 5000,
};

export const kubelet: Component = {
    name: "kubelet",
    args: [
        `--config=${configuration("kubelet.yaml")}`,
        `--kubeconfig=${kubeconfigOf("kubelet")}`,
        `--root-dir=${directories.kubelet}`,
        `--cert-dir=${join(directories.kubelet, "pki")}`,
        `--hostname-override=${nodeName}`,
        `--node-ip=${podNetwork.gateway}`,
    ],
    health: `http://127.0.0.1:${ports.kubeletHealth}/healthz`,
    ports: [ports.kubelet, ports.kubeletHealth],
    grace: 5000,
};

const proxy: Component = {
    name: "kube-proxy",
    args: [`--config=${configuration("kube-proxy.yaml")}`, `--hostname-override=${nodeName}`],
    health: `http://127.0.0.1:${ports.proxyHealth}/livez`,
    ports: [ports.proxyHealth, ports.proxyMetrics],
    grace: 5000,
};

const dns: Component = {
    name: "coredns",
    args: ["-conf", configuration("Corefile")],
    health: `http://127.0.0.1:${ports.dnsReady}/ready`,
    ports: [ports.dnsReady],
    grace: 5000,
};

/** What needs nothing but the API server (the kubelet, containerd too). */
export const clientsOfApiServer = [controllerManager, scheduler, kubelet, proxy, dns] as const;

export const components: readonly Component[] = [etcd, apiServer, ...clientsOfApiServer];

export const programs: readonly Program[] = [containerd, ...components];
