import { createSocket } from "node:dgram";
import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { components } from "./components";

type Protocol = "tcp" | "udp";

/** A process as an error names it. */
interface Holder {
    readonly pid: number;
    readonly name: string;
}

/** Whether nobody else can listen there: the port is taken at this address, or at every one. */
function isTaken(protocol: Protocol, address: string, port: number): Promise<boolean> {
    return new Promise((resolve) => {
        const onError = ({ code }: NodeJS.ErrnoException) => resolve(code === "EADDRINUSE");
        if (protocol === "tcp") {
            const server = createServer().once("error", onError);
            server.listen({ port, host: address }, () => server.close(() => resolve(false)));
        } else {
            const socket = createSocket("udp4").once("error", onError);
            socket.bind({ port, address }, () => socket.close(() => resolve(false)));
        }
    });
}

/** An address as /proc/net/tcp has it: hexadecimal, in the byte order of amd64. */
function hexadecimal(address: string): string {
    const bytes = address.split(".").map((byte) => Number(byte).toString(16).padStart(2, "0"));
    return bytes.reverse().join("").toUpperCase();
}

/** Inodes of the sockets that keep others from a port at this address (proc_net_tcp.txt of the kernel's documentation). */
function findSockets(protocol: Protocol, address: string, port: number): Set<string> {
    const inodes = new Set<string>();
    for (const file of [`/proc/net/${protocol}`, `/proc/net/${protocol}6`]) {
        let table: string;
        try {
            table = readFileSync(file, "utf8");
        } catch {
            // A kernel without IPv6.
            continue;
        }
        for (const row of table.trim().split("\n").slice(1)) {
            const [, local, , state, , , , , , inode] = row.trim().split(/\s+/);
            const [at, hexadecimalPort] = local.split(":");
            const isOpen = protocol === "udp" || state === "0A";
            const isThere = /^0+$/.test(at) || at.endsWith(hexadecimal(address));
            if (isOpen && isThere && parseInt(hexadecimalPort, 16) === port) inodes.add(inode);
        }
    }
    return inodes;
}

/** What a process's open files lead to. */
function openFiles(pid: string): string[] {
    const directory = `/proc/${pid}/fd`;
    try {
        return readdirSync(directory).flatMap((file) => {
            try {
                return [readlinkSync(join(directory, file))];
            } catch {
                // Closed meanwhile, as a busy server's are all the time.
                return [];
            }
        });
    } catch {
        // It has ended.
        return [];
    }
}

/** The process that listens at this port, if it can be seen from here. */
function findHolder(protocol: Protocol, address: string, port: number): Holder | undefined {
    const sockets = new Set([...findSockets(protocol, address, port)].map((inode) => `socket:[${inode}]`));
    const pids = readdirSync("/proc").filter((entry) => /^\d+$/.test(entry));
    const pid = pids.find((candidate) => openFiles(candidate).some((file) => sockets.has(file)));
    return pid === undefined ? undefined : { pid: Number(pid), name: nameOf(pid) };
}

function nameOf(pid: string): string {
    try {
        return readFileSync(`/proc/${pid}/comm`, "utf8").trim();
    } catch {
        return "one that has just ended";
    }
}

/** Why a port cannot be listened at, in a sentence; undefined if it can, or if its holder is one of ours. */
export async function portConflict(
    program: string,
    protocol: Protocol,
    address: string,
    port: number,
    isOurs: (pid: number) => boolean,
): Promise<string | undefined> {
    if (!(await isTaken(protocol, address, port))) return undefined;
    const holder = findHolder(protocol, address, port);
    if (holder && isOurs(holder.pid)) return undefined;
    const by = holder ? `${holder.name} (process ${holder.pid})` : "a process that cannot be seen from here";
    return `${program} needs port ${port} (${protocol}) on ${address}, which ${by} holds`;
}

/**
 * What keeps the cluster's programs from their ports, a sentence each.
 *
 * @param isOurs whether a process may hold one, as those of a cluster that runs do.
 */
export async function portConflicts(isOurs: (pid: number) => boolean = () => false): Promise<string[]> {
    const wanted = components.flatMap(({ name, ports }) =>
        ports.map((port) => ({ name, protocol: "tcp" as const, address: "127.0.0.1", port })),
    );
    // The bridge's address is there only when the cluster is. What would take port 53 of it now listens at every address,
    // so at this one too, at which nobody listens by name.
    const anyAddress = "127.244.0.1";
    const dns = (["tcp", "udp"] as const).map((protocol) => ({
        name: "coredns",
        protocol,
        address: anyAddress,
        port: 53,
    }));
    const conflicts = [];
    for (const { name, protocol, address, port } of [...wanted, ...dns]) {
        conflicts.push(await portConflict(name, protocol, address, port, isOurs));
    }
    return conflicts.filter((conflict) => conflict !== undefined);
}
