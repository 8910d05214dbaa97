import { existsSync } from "node:fs";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { clusterContext } from "../paths";
import { kubeconfigOf } from "./certificates";
import { containerdSocket, directories, podNetwork, ports } from "./settings";

/** https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ */
export function kubeletConfiguration(): object {
    return {
        apiVersion: "kubelet.config.k8s.io/v1beta1",
        kind: "KubeletConfiguration",
        address: "127.0.0.1",
        port: ports.kubelet,
        healthzBindAddress: "127.0.0.1",
        healthzPort: ports.kubeletHealth,
        containerRuntimeEndpoint: `unix://${containerdSocket}`,
        podLogsDir: directories.podLogs,
        volumePluginDir: directories.volumePlugins,
        authentication: {
            anonymous: { enabled: false },
            webhook: { enabled: true },
            x509: { clientCAFile: join(directories.certificates, "ca.crt") },
        },
        authorization: { mode: "Webhook" },
        clusterDomain: "cluster.local",
        clusterDNS: [podNetwork.gateway],
        // The search domains of the machine are none of a pod's business.
        resolvConf: "",
        // How soon a start, or a change, of the node is seen; without a change it is told again every 10 s.
        nodeStatusUpdateFrequency: "1s",
        nodeStatusReportFrequency: "10s",
        cgroupDriver: "cgroupfs",
        failCgroupV1: false,
        failSwapOn: false,
        // The usual thresholds are shares of the disk: a developer's disk that is 90 % full would lose every pod.
        evictionHard: {
            "memory.available": "50Mi",
            "nodefs.available": "200Mi",
            "imagefs.available": "200Mi",
            "nodefs.inodesFree": "1%",
            "imagefs.inodesFree": "1%",
        },
        // Images that nothing pulls are lost when they are collected. 100 turns it off.
        imageGCHighThresholdPercent: 100,
        serializeImagePulls: false,
        // Each crash of the machine counts as one of every container's: soon it would wait five minutes.
        crashLoopBackOff: { maxContainerRestartPeriod: "5s" },
    };
}

/** https://kubernetes.io/docs/reference/config-api/kube-proxy-config.v1alpha1/ */
export function proxyConfiguration(): object {
    return {
        apiVersion: "kubeproxy.config.k8s.io/v1alpha1",
        kind: "KubeProxyConfiguration",
        bindAddress: "127.0.0.1",
        healthzBindAddress: `127.0.0.1:${ports.proxyHealth}`,
        metricsBindAddress: `127.0.0.1:${ports.proxyMetrics}`,
        clientConnection: { kubeconfig: kubeconfigOf("proxy") },
        clusterCIDR: podNetwork.subnet,
        mode: "iptables",
        nodePortAddresses: ["127.0.0.0/8"],
        iptables: {
            // A pod's answer to its neighbour on the bridge would not pass through here, where the Service's address
            // has to be put back, unless it goes by way of the gateway. Not every kernel filters bridged packets.
            masqueradeAll: true,
            // Rules follow a change of endpoints at once.
            minSyncPeriod: "0s",
        },
        // The machine's connection tracking stays as it is.
        conntrack: {
            maxPerCore: 0,
            min: 0,
            tcpEstablishedTimeout: "0s",
            tcpCloseWaitTimeout: "0s",
        },
    };
}

/** CoreDNS's configuration. Names outside the cluster are asked of the machine's own name servers, if it has any. */
export function corefile(hasNameServers: boolean): string {
    const forward = hasNameServers ? "\n    forward . /etc/resolv.conf" : "";
    return `.:53 {
    bind ${podNetwork.gateway}
    ready 127.0.0.1:${ports.dnsReady}
    errors
    cache 5
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        kubeconfig ${kubeconfigOf("dns")} ${clusterContext}
        ttl 5
        fallthrough in-addr.arpa ip6.arpa
    }${forward}
}
`;
}

async function machineHasNameServers(): Promise<boolean> {
    return existsSync("/etc/resolv.conf") && /^nameserver\s/m.test(await readFile("/etc/resolv.conf", "utf8"));
}

/** Writes the files that the components are started with. */
export async function writeConfiguration(): Promise<void> {
    await mkdir(directories.configuration, { recursive: true });
    const write = (name: string, text: string) => writeFile(join(directories.configuration, name), text);
    await write("kubelet.yaml", stringify(kubeletConfiguration()));
    await write("kube-proxy.yaml", stringify(proxyConfiguration()));
    await write("Corefile", corefile(await machineHasNameServers()));
}
