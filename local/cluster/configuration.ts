import { chmod, copyFile, cp, mkdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { stringify } from "yaml";
import { writeDurably } from "../machine/durable";
import { clusterContext } from "../machine/paths";
import { kubeconfigsOf } from "./certificates";
import { glusterOf, lossTimes, nodePaths, programsOf, type Program } from "./programs";
import { controlPlane, directories, podSubnet, type Node } from "./settings";

/** https://kubernetes.io/docs/reference/config-api/kubelet-config.v1beta1/ */
export function kubeletConfiguration({ address }: Node, nodes: number): object {
    return {
        apiVersion: "kubelet.config.k8s.io/v1beta1",
        kind: "KubeletConfiguration",
        containerRuntimeEndpoint: `unix://${nodePaths.containerdSocket}`,
        volumePluginDir: nodePaths.volumePlugins,
        authentication: {
            anonymous: { enabled: false },
            webhook: { enabled: true },
            x509: { clientCAFile: join(nodePaths.certificates, "ca.crt") },
        },
        authorization: { mode: "Webhook" },
        clusterDomain: "cluster.local",
        // Each node answers its own pods, so that the loss of another takes no names away.
        clusterDNS: [address],
        // The search domains of the machine are none of a pod's business.
        resolvConf: "",
        // How soon a start, or a change, of the node is seen; without a change it is told again every 10 s.
        nodeStatusUpdateFrequency: "1s",
        nodeStatusReportFrequency: "10s",
        // It is renewed four times in this.
        nodeLeaseDurationSeconds: lossTimes(nodes).graceSeconds - 1,
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
        bindAddress: "0.0.0.0",
        clientConnection: { kubeconfig: join(nodePaths.configuration, "proxy.conf") },
        clusterCIDR: podSubnet,
        mode: "iptables",
        // Rules follow a change of endpoints at once. Zero would be taken for nothing said, which is a second.
        iptables: { minSyncPeriod: "10ms" },
        // How many connections are tracked is the machine's matter.
        conntrack: { maxPerCore: 0, min: 0, tcpEstablishedTimeout: "0s", tcpCloseWaitTimeout: "0s" },
    };
}

/** CoreDNS's configuration. The cluster has no way out, so it answers for the cluster's names alone. */
export function corefile({ address }: Node): string {
    return `.:53 {
    bind ${address}
    ready 127.0.0.1:8181
    errors
    cache 5
    kubernetes cluster.local in-addr.arpa ip6.arpa {
        kubeconfig ${join(nodePaths.configuration, "dns.conf")} ${clusterContext}
        ttl 5
        fallthrough in-addr.arpa ip6.arpa
    }
}
`;
}

/** containerd's configuration file: https://github.com/containerd/containerd/blob/release/1.6/docs/cri/config.md */
export function containerdConfiguration(sandboxImage: string): string {
    return `version = 2

[grpc]
address = ${JSON.stringify(nodePaths.containerdSocket)}

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = ${JSON.stringify(sandboxImage)}
# Without CAP_SYS_RESOURCE, as in many containers, a sandbox could not lower its score and would die of it.
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true

[plugins."io.containerd.grpc.v1.cri".cni]
# Where Debian's containernetworking-plugins puts its programs.
bin_dir = "/usr/lib/cni"
conf_dir = ${JSON.stringify(join(nodePaths.configuration, "cni"))}
`;
}

/**
 * How a pod comes into the network: a CNI configuration list (https://www.cni.dev/docs/spec/). Each pod has a link to the node and a
 * route; there is no bridge, so that every packet between pods passes the node's filter, with its sender's own address.
 */
export function networkConfiguration({ podSubnet }: Node): object {
    return {
        cniVersion: "0.4.0",
        name: "pods",
        plugins: [
            {
                type: "ptp",
                ipam: {
                    type: "host-local",
                    // Who has which address ends with the box.
                    dataDir: "/run/pod-addresses",
                    ranges: [[{ subnet: podSubnet }]],
                    routes: [{ dst: "0.0.0.0/0" }],
                },
            },
        ],
    };
}

/** As one word of a shell script. */
const quote = (text: string) => `'${text.replaceAll("'", `'\\''`)}'`;

/** What the node's first process runs for a program: it waits for what the program needs, and becomes it. */
export function programScript({ name, command, needs = "true" }: Program): string {
    return `#!/bin/bash
rm -f /run/programs/${name}
until ${needs}; do sleep 0.1; done
mkdir -p /run/programs
echo $$ > /run/programs/${name}
exec ${command.map(quote).join(" ")} "$@"
`;
}

/** A script that prints the names of a node's programs that are not well. */
export function healthScript(programs: readonly Program[]): string {
    const isWell = ({ name, health }: Program) => {
        if (typeof health === "string") return health;
        return health ? `answers ${health.isSecure ? "tls" : "tcp"} ${health.port} ${health.path}` : `runs ${name}`;
    };
    const checks = programs.map((program) => `{ ${isWell(program)}; } || echo ${program.name}`);
    return `#!/bin/bash
exec 2> /dev/null
runs() { kill -0 "$(< "/run/programs/$1")"; }
tcp() (
    exec 3<> "/dev/tcp/127.0.0.1/$1" || exit
    cat >&3
    head --lines=1 <&3
)
tls() { openssl s_client -quiet -connect "127.0.0.1:$1"; }
export -f tcp tls
# answers tcp|tls PORT PATH
answers() { printf 'GET %s HTTP/1.0\\r\\n\\r\\n' "$3" | timeout 3 bash -c "$1 $2" | grep -q '^HTTP/[0-9.]* 200'; }
timeout 5 ctr --address ${nodePaths.containerdSocket} version > /dev/null || echo containerd
${checks.join("\n")}
`;
}

/** Writes the files that a node's programs are started with. Keys go to those nodes alone whose programs use them. */
export async function writeNode(node: Node, nodes: number, sandboxImage: string): Promise<void> {
    const directory = join(node.directory, "node");
    await mkdir(directory, { recursive: true, mode: 0o700 });
    const write = async (name: string, text: string, mode = 0o600) => {
        await writeFile(join(directory, name), text);
        await chmod(join(directory, name), mode);
    };
    await rm(join(directory, "rights"), { force: true });
    for (const name of ["programs", "pki", "cni"]) {
        await rm(join(directory, name), { recursive: true, force: true });
        await mkdir(join(directory, name), { mode: 0o700 });
    }
    await write("kubelet.yaml", stringify(kubeletConfiguration(node, nodes)));
    await write("kube-proxy.yaml", stringify(proxyConfiguration()));
    await write("Corefile", corefile(node));
    await write("containerd.toml", containerdConfiguration(sandboxImage));
    await write("cni/pods.conflist", JSON.stringify(networkConfiguration(node), undefined, 4));
    for (const [name, text] of Object.entries(glusterOf(node, nodes)?.files ?? {})) await write(name, text);
    const programs = programsOf(node, nodes);
    for (const program of programs) await write(`programs/${program.name}`, programScript(program), 0o700);
    await write("health", healthScript(programs), 0o700);
    const pki = join(directory, "pki");
    if (node.index === controlPlane.index) {
        // With the authorities' own keys one could make others; none of the programs does.
        await cp(directories.certificates, pki, { recursive: true, filter: (path) => !path.endsWith("ca.key") });
    } else await copyFile(join(directories.certificates, "ca.crt"), join(pki, "ca.crt"));
    for (const [client, path] of kubeconfigsOf(node)) await copyFile(path, join(directory, `${client}.conf`));
}

/** Lets those programs of a node start that wait until the cluster's own users have their rights. */
export function letProgramsStart({ directory }: Node): void {
    writeDurably(join(directory, "node", "rights"), "");
}
