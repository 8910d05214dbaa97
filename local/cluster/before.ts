import { readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { writeDurably } from "../durable";
import { machine } from "../paths";
import { listTables, type Tables } from "./packetFilter";
import { bootId } from "./processes";
import { listSharedDirectories } from "./sharedDirectories";
import { listVirtualDevices, readSysctls, type Sysctls } from "./sysctls";

/** What the machine was like before the cluster started, of all that the cluster changes and that bears no name of its own. */
export interface Before {
    /** A reboot sets back by itself all that is not in files. */
    readonly bootId: string;
    readonly sysctls: Sysctls;
    /** Tables of the packet filter that were there. */
    readonly tables: Tables;
    /** Those of the shared directories that were there. */
    readonly directories: readonly string[];
    /** Names of the network devices that are made of software. */
    readonly devices: readonly string[];
}

const file = join(machine.cluster, "before.json");

/** @returns undefined if no cluster was started since the last one was stopped, and "unreadable" if nobody can tell any more. */
export function readBefore(path = file): Before | "unreadable" | undefined {
    let text: string;
    try {
        text = readFileSync(path, "utf8");
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return undefined;
        throw error;
    }
    try {
        const before = JSON.parse(text) as Partial<Before> | null;
        const parts = [before?.bootId, before?.sysctls, before?.tables, before?.directories, before?.devices];
        return parts.includes(undefined) ? "unreadable" : (before as Before);
    } catch {
        return "unreadable";
    }
}

/** When this machine was started: proc_stat(5). */
function bootTime(): Date {
    const [, seconds] = /^btime (\d+)$/m.exec(readFileSync("/proc/stat", "utf8")) ?? [];
    return new Date(Number(seconds) * 1000);
}

/** How long ago a cluster was started that has not been stopped: what it left in the kernel goes with a reboot. */
export function unstopped(path = file): "since boot" | "before boot" | undefined {
    const before = readBefore(path);
    if (before === undefined) return undefined;
    const isOfThisBoot = before === "unreadable" ? statSync(path).mtime > bootTime() : before.bootId === bootId();
    return isOfThisBoot ? "since boot" : "before boot";
}

/** Writes down what the machine is like, right before the cluster starts. */
export function recordBefore(): void {
    const before: Before = {
        bootId: bootId(),
        sysctls: readSysctls(),
        tables: listTables(),
        directories: listSharedDirectories(),
        devices: listVirtualDevices(),
    };
    writeDurably(file, `${JSON.stringify(before, undefined, 4)}\n`);
}

export function forgetBefore(): void {
    rmSync(file, { force: true });
}
