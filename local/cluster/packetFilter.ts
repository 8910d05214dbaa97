import { spawnSync } from "node:child_process";

/** Chains that the kubelet and kube-proxy make. */
const isKubernetesChain = (name: string) => name.startsWith("KUBE-");

/**
 * What iptables-restore --noflush needs to be told to take Kubernetes' chains away, from what iptables-save printed;
 * undefined where there are none.
 */
export function withoutKubernetesChains(saved: string): string | undefined {
    const tables: string[] = [];
    for (const table of saved.split(/^\*/m).slice(1)) {
        const lines = table.split("\n");
        const chains = lines.flatMap((line) => /^:(\S+)/.exec(line)?.[1] ?? []).filter(isKubernetesChain);
        if (chains.length === 0) continue;
        const jumps = lines.filter((line) => {
            const [, from, to] = /^-A (\S+) .*-[jg] (\S+)/.exec(line) ?? [];
            return from !== undefined && !isKubernetesChain(from) && isKubernetesChain(to);
        });
        tables.push(
            `*${lines[0]}`,
            // Naming a chain empties it; only then does no other hold it any more.
            ...chains.map((chain) => `:${chain} - [0:0]`),
            ...jumps.map((rule) => rule.replace(/^-A/, "-D")),
            ...chains.map((chain) => `-X ${chain}`),
            "COMMIT",
        );
    }
    return tables.length === 0 ? undefined : `${tables.join("\n")}\n`;
}

/** Both families: the kubelet makes its chains in each. */
const families = ["iptables", "ip6tables"] as const;

function save(family: (typeof families)[number]): string {
    const { status, stdout, stderr, error } = spawnSync(`${family}-save`, { encoding: "utf8", maxBuffer: Infinity });
    if (error) throw error;
    if (status !== 0) throw new Error(`${family}-save could not read the packet filter: ${stderr}`);
    return stdout;
}

/** Whether this machine's packet filter has chains of a Kubernetes, ours or another. */
export function hasKubernetesChains(): boolean {
    return families.some((family) => withoutKubernetesChains(save(family)) !== undefined);
}

export function removeKubernetesChains(): void {
    for (const family of families) {
        const input = withoutKubernetesChains(save(family));
        if (input === undefined) continue;
        const { status, stderr } = spawnSync(`${family}-restore`, ["--noflush"], { input, encoding: "utf8" });
        if (status !== 0) throw new Error(`${family}-restore could not take the chains of Kubernetes away: ${stderr}`);
    }
}

/** Whether kube-proxy has made rules that lead to all of these addresses of pods. */
export function leadsTo(addresses: readonly string[]): boolean {
    const saved = save("iptables");
    return addresses.every((address) => saved.includes(`--to-destination ${address}:`));
}
