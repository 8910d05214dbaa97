import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { basename } from "node:path";

/** Programs that are a node of a Kubernetes. The cluster's own are all called `kubernetes`. */
const nodePrograms = ["kubelet", "kube-proxy", "kubelite", "k3s", "k0s", "rke2"];

/** A node of another Kubernetes that shares this machine's network, as a sentence names it: its packet filter is ours too. */
export function findOtherKubernetes(): string | undefined {
    const network = readlinkSync("/proc/self/ns/net");
    for (const pid of readdirSync("/proc").filter((entry) => /^\d+$/.test(entry))) {
        try {
            const [program] = readFileSync(`/proc/${pid}/cmdline`, "utf8").split("\0");
            const name = basename(program);
            if (!nodePrograms.includes(name)) continue;
            // One in a container has a network of its own.
            if (readlinkSync(`/proc/${pid}/ns/net`) === network) return `${name}, process ${pid}`;
        } catch {
            // It ended meanwhile.
        }
    }
    return undefined;
}
