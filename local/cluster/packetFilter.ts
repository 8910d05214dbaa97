import { spawnSync } from "node:child_process";
import { findOtherKubernetes } from "./otherKubernetes";

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

/** In milliseconds: somebody else may hold the packet filter's lock. */
const timeout = 30_000;

/** Both families: the kubelet makes its chains in each. */
const families = ["iptables", "ip6tables"] as const;

type Family = (typeof families)[number];

/** Names of tables, for each family. */
export type Tables = Readonly<Record<Family, readonly string[]>>;

/** @returns nothing where iptables is not installed. */
function save(family: Family): string {
    const { status, stdout, stderr, error } = spawnSync(`${family}-save`, {
        encoding: "utf8",
        maxBuffer: Infinity,
        timeout,
    });
    if (error && "code" in error && error.code === "ENOENT") return "";
    if (error) throw error;
    if (status !== 0) throw new Error(`${family}-save could not read the packet filter: ${stderr}`);
    return stdout;
}

/** @throws in a sentence that says what it was for. */
function restore(family: Family, purpose: string, input: string, ...options: string[]): void {
    // Whoever else changes the packet filter holds a lock for that moment.
    const args = ["--wait", "30", ...options];
    const { status, stderr, error } = spawnSync(`${family}-restore`, args, {
        input,
        encoding: "utf8",
        timeout: 2 * timeout,
    });
    if (error) throw error;
    if (status !== 0) throw new Error(`${family}-restore could not ${purpose}: ${stderr}`);
}

/** Why the cluster cannot run here, in a sentence: another Kubernetes uses the same packet filter. */
export function kubernetesConflict(): string | undefined {
    const other = findOtherKubernetes();
    if (other) return `another Kubernetes runs on this machine (${other}); both would change the same packet filter`;
    const hasChains = families.some((family) => withoutKubernetesChains(save(family)) !== undefined);
    return hasChains
        ? "another Kubernetes runs on this machine: its chains (KUBE-…) are in the packet filter"
        : undefined;
}

export function removeKubernetesChains(): void {
    for (const family of families) {
        const input = withoutKubernetesChains(save(family));
        if (input) restore(family, "take the chains of Kubernetes away", input, "--noflush");
    }
}

const tablesIn = (saved: string) => [...saved.matchAll(/^\*(\S+)$/gm)].map(([, table]) => table);

/** The tables that there are. */
export function listTables(): Tables {
    return { iptables: tablesIn(save("iptables")), ip6tables: tablesIn(save("ip6tables")) };
}

/** Tables in what iptables-save printed that hold nothing: only chains that every one has, and these let all pass. */
export function emptyTables(saved: string): string[] {
    return saved
        .split(/^(?=\*)/m)
        .filter((table) => /^\*/.test(table) && /^COMMIT$/m.test(table))
        .filter((table) => !/^-/m.test(table) && !/^:\S+ (?!ACCEPT )/m.test(table))
        .flatMap(tablesIn);
}

/** Removes the tables that were not there before, and that nobody has put anything into. */
export function removeTables(before: Tables): void {
    for (const family of families) {
        for (const table of emptyTables(save(family)).filter((name) => !before[family].includes(name))) {
            // Replacing a table removes it first, and makes no chain that is not named.
            restore(family, `remove the table ${table}`, `*${table}\nCOMMIT\n`);
        }
    }
}

/** Whether kube-proxy has made rules that lead to all of these addresses of pods. */
export function leadsTo(addresses: readonly string[]): boolean {
    const saved = save("iptables");
    return addresses.every((address) => saved.includes(`--to-destination ${address}:`));
}
