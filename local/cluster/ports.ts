import { readdirSync, readFileSync, readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { join } from "node:path";
import { processesOf } from "../node/boxes";
import { apiServerPorts, clusterBox } from "./settings";

/** A process as an error names it. */
interface Holder {
    readonly pid: number;
    readonly name: string;
}

const address = "127.0.0.1";

/** Whether nobody else can listen there: the port is taken at this address, or at every one. */
function isTaken(port: number): Promise<boolean> {
    return new Promise((resolve) => {
        const server = createServer().once("error", ({ code }: NodeJS.ErrnoException) =>
            resolve(code === "EADDRINUSE"),
        );
        server.listen({ port, host: address }, () => server.close(() => resolve(false)));
    });
}

/** 127.0.0.1 as /proc/net/tcp has it: hexadecimal, in the byte order of amd64. */
const loopback = "0100007F";

/** Inodes of the sockets that keep others from a port (proc_net_tcp.txt of the kernel's documentation). */
function findSockets(port: number): Set<string> {
    const inodes = new Set<string>();
    for (const file of ["/proc/net/tcp", "/proc/net/tcp6"]) {
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
            const isThere = /^0+$/.test(at) || at.endsWith(loopback);
            if (state === "0A" && isThere && parseInt(hexadecimalPort, 16) === port) inodes.add(inode);
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
function findHolder(port: number): Holder | undefined {
    const sockets = new Set([...findSockets(port)].map((inode) => `socket:[${inode}]`));
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

/** Why a TCP port of 127.0.0.1 can't be listened at, in a sentence; undefined if it can, or if the cluster's own forwarder holds it. */
export async function portConflict(what: string, port: number): Promise<string | undefined> {
    if (!(await isTaken(port))) return undefined;
    const holder = findHolder(port);
    if (holder && processesOf(clusterBox).includes(holder.pid)) return undefined;
    const by = holder ? `${holder.name} (process ${holder.pid})` : "a process that can't be seen from here";
    return `${what} needs port ${port} on 127.0.0.1, which ${by} holds.`;
}

/** What keeps the cluster from the one port that it always has on this machine, in a sentence; undefined if nothing does. */
export function apiServerPortConflict(): Promise<string | undefined> {
    return portConflict("The API server", apiServerPorts.machine);
}
