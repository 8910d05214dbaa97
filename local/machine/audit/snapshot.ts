import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync, readlinkSync, realpathSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { listFiles, tsxDirectory } from "./files";

/** What is there, by sort, then by name: what identifies a thing, and what is looked at of it. */
export type Snapshot = Readonly<Record<string, Readonly<Record<string, string>>>>;

type Things = Record<string, string>;

/** What a program prints. Empty where there is none of that name. @throws if it fails. */
function read(program: string, ...args: string[]): string {
    const { stdout, stderr, status, error } = spawnSync(program, args, { encoding: "utf8", maxBuffer: Infinity });
    if (error && "code" in error && error.code === "ENOENT") return "";
    if (error) throw error;
    if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
    return stdout;
}

/** Things that have no name, or not one alone: each with how many there are. */
function counted(names: readonly string[]): Things {
    const counts: Things = {};
    for (const name of names) counts[name] = String(Number(counts[name] ?? 0) + 1);
    return counts;
}

const lines = (text: string) => text.split("\n").filter((line) => line !== "");

/** Processes by id, but for this one, those that it was started by, and those that it has started. */
function otherProcesses(): number[] {
    const parents = new Map<number, number>();
    for (const entry of readdirSync("/proc").filter((name) => /^\d+$/.test(name))) {
        try {
            const stat = readFileSync(`/proc/${entry}/stat`, "utf8");
            parents.set(Number(entry), Number(stat.slice(stat.lastIndexOf(")") + 2).split(" ")[1]));
        } catch {
            // It ended meanwhile.
        }
    }
    const ancestors = (pid: number): number[] => [pid, ...(parents.has(pid) ? ancestors(parents.get(pid) ?? 0) : [])];
    const own = new Set(ancestors(process.pid));
    // The machine's first process is above them all, and not only started this one.
    own.delete(1);
    return [...parents.keys()].filter((pid) => !own.has(pid) && !ancestors(pid).includes(process.pid));
}

function processes(): Things {
    return counted(
        otherProcesses().flatMap((pid) => {
            try {
                // A thread of the kernel has no arguments.
                return readFileSync(`/proc/${pid}/cmdline`, "utf8").replaceAll("\0", " ").trim() || [];
            } catch {
                return [];
            }
        }),
    );
}

/** By their fields of a /proc/self/mountinfo (proc(5)), but for the numbers that are given out anew. */
function mounts(): Things {
    return counted(
        lines(readFileSync("/proc/self/mountinfo", "utf8")).map((line) => {
            const fields = line.split(" ");
            return [...fields.slice(3).filter((field) => !/^(shared|master|propagate_from):/.test(field))].join(" ");
        }),
    );
}

function networkNamespaces(): Things {
    const named = existsSync("/run/netns") ? readdirSync("/run/netns") : [];
    const used = otherProcesses().flatMap((pid) => {
        try {
            return [readlinkSync(`/proc/${pid}/ns/net`)];
        } catch {
            return [];
        }
    });
    return Object.fromEntries([...named, ...used].map((name) => [name, "there"]));
}

/** Each with its addresses. */
function links(): Things {
    const devices = JSON.parse(read("ip", "-json", "-details", "address") || "[]") as { ifname?: string }[];
    // These count down.
    const text = (device: object) =>
        JSON.stringify(device, (key, value: unknown) => (/_timer$|_life_time$/.test(key) ? undefined : value));
    return Object.fromEntries(devices.map((device) => [device.ifname ?? "", text(device)]));
}

/** Chains with their policies, and rules in their order, without counters. */
function packetFilter(program: string): Things {
    const things: Things = {};
    let table = "";
    for (const line of lines(read(program)).filter((text) => !text.startsWith("#") && text !== "COMMIT")) {
        if (line.startsWith("*")) table = line;
        const name = `${table} ${line.replace(/ ?\[\d+:\d+\]/, "")}`;
        things[name] = String(Object.keys(things).filter((other) => other.startsWith(`${table} `)).length);
    }
    return things;
}

function nftables(): Things {
    return { ruleset: read("nft", "--stateless", "list", "ruleset") };
}

function routes(): Things {
    const families = ["-4", "-6"];
    return counted(
        families.flatMap((family) =>
            ["route show table all", "rule show"].flatMap((what) =>
                lines(read("ip", family, ...what.split(" "))).map(
                    (line) => `${family.slice(1)} ${line.replace(/ expires \d+sec/, "").trim()}`,
                ),
            ),
        ),
    );
}

/** Those that change by themselves. */
const restlessSysctls = [
    // Counts of what is open and cached.
    /^fs\/(dentry-state|file-nr|inode-nr|inode-state|aio-nr)$/,
    /^fs\/quota\//,
    /^kernel\/pty\/nr$/,
    /^net\/netfilter\/nf_conntrack_count$/,
    // The last process's number, and the last System V objects'.
    /^kernel\/(ns_last_pid|(msg|sem|shm)_next_id)$/,
    // A new one each time it is read, or filled up by the kernel.
    /^kernel\/random\/(uuid|entropy_avail)$/,
];

function sysctls(): Things {
    const root = "/proc/sys";
    const things: Things = {};
    for (const entry of readdirSync(root, { recursive: true, withFileTypes: true })) {
        if (!entry.isFile()) continue;
        const path = join(entry.parentPath, entry.name);
        const name = path.slice(root.length + 1);
        if (restlessSysctls.some((pattern) => pattern.test(name))) continue;
        try {
            things[name] = readFileSync(path, "utf8").trim();
        } catch {
            // Some can only be written, or only on other hardware.
        }
    }
    return things;
}

/** The tree of each hierarchy. */
function cgroups(): Things {
    const root = "/sys/fs/cgroup";
    const directories = existsSync(root) ? readdirSync(root, { recursive: true, withFileTypes: true }) : [];
    return Object.fromEntries(
        directories
            .filter((entry) => entry.isDirectory())
            .map((entry) => [join(entry.parentPath, entry.name).slice(root.length), "there"]),
    );
}

/** systemd's units, where it runs; else what the scripts in /etc/init.d say of theirs. */
function services(): Things {
    const listed = existsSync("/run/systemd/system")
        ? lines(read("systemctl", "list-units", "--all", "--plain", "--no-legend", "--type=service,socket,timer")).map(
              (line) => /^(?<name>\S+) +(?<state>\S+ +\S+ +\S+)/.exec(line),
          )
        : lines(read("service", "--status-all")).map((line) => /^ *(?<state>\[ . \]) +(?<name>\S+)/.exec(line));
    return Object.fromEntries(listed.map((match) => [match?.groups?.name ?? "", match?.groups?.state ?? ""]));
}

/** proc_net_tcp.txt of the kernel's documentation, and proc_net_unix of proc(5). */
function listeningSockets(): Things {
    const table = (name: string) => {
        const file = `/proc/net/${name}`;
        return existsSync(file)
            ? lines(readFileSync(file, "utf8"))
                  .slice(1)
                  .map((line) => line.trim().split(/\s+/))
            : [];
    };
    const listening = "0A";
    const internet = ["tcp", "tcp6", "udp", "udp6"].flatMap((protocol) =>
        table(protocol)
            .filter(([, , , state]) => protocol.startsWith("udp") || state === listening)
            .map(([, local]) => {
                const [address, port] = local.split(":");
                return `${protocol} ${address} port ${parseInt(port, 16)}`;
            }),
    );
    const acceptsConnections = "00010000";
    const unix = table("unix")
        .filter(([, , , flags, , , , path]) => flags === acceptsConnections && path !== undefined)
        // Its own, if it was started by tsx.
        .filter(([, , , , , , , path]) => !path.startsWith(tsxDirectory))
        .map(([, , , , , , , path]) => `unix ${path}`);
    return counted([...internet, ...unix]);
}

function debianPackages(): Things {
    const automatic = new Set(lines(read("apt-mark", "showauto")));
    const format = "${binary:Package}\t${db:Status-Abbrev}${Version}\n";
    return Object.fromEntries(
        lines(read("dpkg-query", "--show", `--showformat=${format}`)).map((line) => {
            const [name, version] = line.split("\t");
            return [name, automatic.has(name) ? `${version} automatic` : version];
        }),
    );
}

/** The files of a Debian package that is installed, where they are: packages name some in /lib, which leads to /usr/lib. */
export function filesOf(name: string): string[] {
    return lines(read("dpkg-query", "--listfiles", name)).flatMap((path) =>
        existsSync(dirname(path)) ? join(realpathSync(dirname(path)), basename(path)) : [],
    );
}

/**
 * Looks at the machine that this process runs on.
 *
 * @param roots directories whose files are looked at.
 * @param except directories in them whose files are not.
 */
export function takeSnapshot(roots: readonly string[], except: readonly string[]): Snapshot {
    return {
        processes: processes(),
        mounts: mounts(),
        "network namespaces": networkNamespaces(),
        links: links(),
        "iptables rules": packetFilter("iptables-save"),
        "ip6tables rules": packetFilter("ip6tables-save"),
        "legacy iptables rules": packetFilter("iptables-legacy-save"),
        "legacy ip6tables rules": packetFilter("ip6tables-legacy-save"),
        "nftables rules": nftables(),
        routes: routes(),
        sysctls: sysctls(),
        cgroups: cgroups(),
        services: services(),
        "listening sockets": listeningSockets(),
        "Debian packages": debianPackages(),
        files: listFiles(roots, except),
    };
}
