import { join } from "node:path";
import { glusterPrograms, type GlusterNode } from "./storage/gluster";
import type { Client } from "./certificates";
import { apiServerPorts, controlPlane, describeNodes, hasReplicas, serviceSubnet, type Node } from "./settings";

/** A program of a node, run by the node's first process, again whenever it has ended. */
export interface Program {
    readonly name: string;
    /** Its command line in the node. */
    readonly command: readonly string[];
    /** What it would end without, as a shell's condition. */
    readonly needs?: string;
    /**
     * A port of HTTP, or of HTTPS, on the node's loopback, and the path that answers 200 when it is well; or a shell's condition. By
     * default, that it runs.
     */
    readonly health?: { readonly port: number; readonly path: string; readonly isSecure?: true } | string;
}

/** The one binary, in a node: toolchain/kubernetes. */
const kubernetes = "/run/kubernetes";

/** Of a node, as it sees them. */
export const nodePaths = {
    configuration: "/node",
    certificates: "/node/pki",
    containerdSocket: "/run/containerd/containerd.sock",
    /** There once the cluster's own users have their rights. */
    rights: "/node/rights",
    /** Stays empty; by default the kubelet and the controller manager would make one in /usr/libexec. */
    volumePlugins: "/var/lib/kubelet/volume-plugins",
} as const;

const configuration = (name: string) => join(nodePaths.configuration, name);
const certificate = (name: string) => join(nodePaths.certificates, name);
const kubeconfig = (client: Client) => configuration(`${client}.conf`);

const apiServerListens = `(: < /dev/tcp/${controlPlane.address}/${apiServerPorts.node}) 2> /dev/null`;
const hasRights = `[ -e ${nodePaths.rights} ]`;

const etcd: Program = {
    name: "etcd",
    command: [
        kubernetes,
        "etcd",
        "--name=default",
        "--data-dir=/var/lib/etcd",
        "--listen-client-urls=https://127.0.0.1:2379",
        "--advertise-client-urls=https://127.0.0.1:2379",
        "--listen-peer-urls=https://127.0.0.1:2380",
        "--initial-advertise-peer-urls=https://127.0.0.1:2380",
        "--initial-cluster=default=https://127.0.0.1:2380",
        "--listen-metrics-urls=http://127.0.0.1:2381",
        "--client-cert-auth",
        `--trusted-ca-file=${certificate("etcd/ca.crt")}`,
        `--cert-file=${certificate("etcd/server.crt")}`,
        `--key-file=${certificate("etcd/server.key")}`,
        "--peer-client-cert-auth",
        `--peer-trusted-ca-file=${certificate("etcd/ca.crt")}`,
        `--peer-cert-file=${certificate("etcd/peer.crt")}`,
        `--peer-key-file=${certificate("etcd/peer.key")}`,
    ],
    health: { port: 2381, path: "/readyz" },
};

/** How soon the loss of a node is seen, and its pods are made anew elsewhere. */
export interface LossTimes {
    /** Seconds for which a node may be silent. */
    readonly graceSeconds: number;
    /** Seconds for which pods stay on a node that is lost. */
    readonly tolerationSeconds: number;
}

/**
 * With several nodes: a machine on which they share processors can keep one waiting for some seconds. A node alone has nowhere
 * to move its pods to, so Kubernetes' own, patient times are right for it.
 */
export function lossTimes(nodes: number): LossTimes {
    return nodes > 1 ? { graceSeconds: 9, tolerationSeconds: 3 } : { graceSeconds: 50, tolerationSeconds: 300 };
}

function apiServer(nodes: number): Program {
    const { tolerationSeconds } = lossTimes(nodes);
    return {
        name: "kube-apiserver",
        command: [
            kubernetes,
            "kube-apiserver",
            `--advertise-address=${controlPlane.address}`,
            `--secure-port=${apiServerPorts.node}`,
            "--etcd-servers=https://127.0.0.1:2379",
            `--etcd-cafile=${certificate("etcd/ca.crt")}`,
            `--etcd-certfile=${certificate("apiserver-etcd-client.crt")}`,
            `--etcd-keyfile=${certificate("apiserver-etcd-client.key")}`,
            `--tls-cert-file=${certificate("apiserver.crt")}`,
            `--tls-private-key-file=${certificate("apiserver.key")}`,
            `--client-ca-file=${certificate("ca.crt")}`,
            `--kubelet-client-certificate=${certificate("apiserver-kubelet-client.crt")}`,
            `--kubelet-client-key=${certificate("apiserver-kubelet-client.key")}`,
            "--kubelet-preferred-address-types=InternalIP",
            "--service-account-issuer=https://kubernetes.default.svc.cluster.local",
            `--service-account-key-file=${certificate("sa.pub")}`,
            `--service-account-signing-key-file=${certificate("sa.key")}`,
            `--requestheader-client-ca-file=${certificate("front-proxy-ca.crt")}`,
            `--service-cluster-ip-range=${serviceSubnet}`,
            "--authorization-mode=Node,RBAC",
            "--enable-admission-plugins=NodeRestriction",
            `--default-not-ready-toleration-seconds=${tolerationSeconds}`,
            `--default-unreachable-toleration-seconds=${tolerationSeconds}`,
        ],
    };
}

function controllerManager(nodes: number): Program {
    return {
        name: "kube-controller-manager",
        command: [
            kubernetes,
            "kube-controller-manager",
            `--kubeconfig=${kubeconfig("controllerManager")}`,
            `--authentication-kubeconfig=${kubeconfig("controllerManager")}`,
            `--authorization-kubeconfig=${kubeconfig("controllerManager")}`,
            `--root-ca-file=${certificate("ca.crt")}`,
            `--service-account-private-key-file=${certificate("sa.key")}`,
            "--use-service-account-credentials",
            `--flex-volume-plugin-dir=${nodePaths.volumePlugins}`,
            "--leader-elect=false",
            // The binder loses a race between a volume and its claim, and would look again after 15 s.
            "--pvclaimbinder-sync-period=1s",
            `--node-monitor-grace-period=${lossTimes(nodes).graceSeconds}s`,
            "--node-monitor-period=1s",
        ],
        needs: apiServerListens,
        health: { port: 10257, path: "/healthz", isSecure: true },
    };
}

const scheduler: Program = {
    name: "kube-scheduler",
    command: [
        kubernetes,
        "kube-scheduler",
        `--kubeconfig=${kubeconfig("scheduler")}`,
        `--authentication-kubeconfig=${kubeconfig("scheduler")}`,
        `--authorization-kubeconfig=${kubeconfig("scheduler")}`,
        "--leader-elect=false",
    ],
    needs: apiServerListens,
    health: { port: 10259, path: "/healthz", isSecure: true },
};

const provisioner: Program = {
    name: "directory-provisioner",
    command: [
        ...[kubernetes, "directory-provisioner", `--kubeconfig=${kubeconfig("provisioner")}`],
        "--health-port=10301",
    ],
    needs: hasRights,
    health: { port: 10301, path: "/" },
};

/** Debian's, not of the one binary. */
const containerd: Program = {
    name: "containerd",
    command: ["containerd", `--config=${configuration("containerd.toml")}`],
};

/** What makes the node one of those that share the replicated file system, in a cluster that has one. */
export function glusterOf(node: Node, nodes: number): GlusterNode | undefined {
    if (!hasReplicas(nodes)) return undefined;
    return glusterPrograms({
        node: node.address,
        addresses: describeNodes(nodes).map(({ address }) => address),
        configuration: nodePaths.configuration,
    });
}

function kubelet({ name, address, zone }: Node, mounted: string | undefined): Program {
    const needs = [
        `[ -S ${nodePaths.containerdSocket} ]`,
        apiServerListens,
        ...(mounted === undefined ? [] : [mounted]),
    ];
    return {
        name: "kubelet",
        command: [
            kubernetes,
            "kubelet",
            `--config=${configuration("kubelet.yaml")}`,
            `--kubeconfig=${kubeconfig("kubelet")}`,
            "--root-dir=/var/lib/kubelet",
            "--cert-dir=/var/lib/kubelet/pki",
            `--hostname-override=${name}`,
            `--node-ip=${address}`,
            `--node-labels=topology.kubernetes.io/zone=${zone}`,
        ],
        // A pod that started before its file system was mounted would write beneath it.
        needs: needs.join(" && "),
        health: { port: 10248, path: "/healthz" },
    };
}

const proxy = ({ name }: Node): Program => ({
    name: "kube-proxy",
    command: [kubernetes, "kube-proxy", `--config=${configuration("kube-proxy.yaml")}`, `--hostname-override=${name}`],
    needs: apiServerListens,
    health: { port: 10256, path: "/livez" },
});

const dns: Program = {
    name: "coredns",
    command: [kubernetes, "coredns", "-conf", configuration("Corefile")],
    needs: `${hasRights} && ${apiServerListens}`,
    health: { port: 8181, path: "/ready" },
};

const networkPolicies = ({ name }: Node): Program => ({
    name: "network-policies",
    command: [
        ...[kubernetes, "network-policies", `--kubeconfig=${kubeconfig("networkPolicies")}`],
        // Its name in node.sh.
        ...[`--node=${name}`, "--uplink=eth0", "--health-port=10302"],
    ],
    needs: `${hasRights} && ${apiServerListens}`,
    health: { port: 10302, path: "/" },
});

/** The programs of a node in a cluster of so many. */
export function programsOf(node: Node, nodes: number): Program[] {
    const gluster = glusterOf(node, nodes);
    const own = [
        ...(gluster?.programs ?? []),
        containerd,
        kubelet(node, gluster?.mounted),
        proxy(node),
        dns,
        networkPolicies(node),
    ];
    if (node.index !== controlPlane.index) return own;
    return [etcd, apiServer(nodes), controllerManager(nodes), scheduler, provisioner, ...own];
}
