import { spawnSync } from "node:child_process";
import { readlinkSync } from "node:fs";
import { createServer } from "node:net";
import { basename } from "node:path";
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

/** The process that listens at this port, if it can be seen from here. */
function findHolder(port: number): Holder | undefined {
    const ask = ["--no-header", "--listening", "--numeric", "--tcp", "--processes", `sport = :${port}`];
    const { stdout } = spawnSync("ss", ask, { encoding: "utf8" });
    const [, name, pid] = /users:\(\("(.+?)",pid=(\d+)/.exec(stdout ?? "") ?? [];
    return pid === undefined ? undefined : { pid: Number(pid), name: programOf(pid) ?? name };
}

/** The program's own name: `ss` names the thread, which a Node.js of today calls "MainThread". */
function programOf(pid: string): string | undefined {
    try {
        return basename(readlinkSync(`/proc/${pid}/exe`)).replace(/ \(deleted\)$/, "");
    } catch {
        return undefined;
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
