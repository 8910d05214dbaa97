import { randomBytes } from "node:crypto";
import { existsSync, readlinkSync } from "node:fs";
import { lstat, readdir, rename, rm, utimes } from "node:fs/promises";
import { join } from "node:path";
import { run } from "./run";

const hour = 3_600_000;

const ageOf = async (path: string) => Date.now() - (await lstat(path)).mtimeMs;

/** Says of something in the cache that it is used now. */
export async function markUsed(path: string): Promise<void> {
    const now = new Date();
    await utimes(path, now, now);
}

/** Containers that share the cache may have processes of the same number. */
const mark = randomBytes(4).toString("hex");

/** What is being made has this name, until it is whole and takes its own. */
export function unfinishedName(path: string): string {
    return `${path}.building-${process.pid}-${mark}`;
}

/**
 * Gives what was made its own name, once it is on disk: whoever finds it after a power cut finds it whole. One that another
 * clone has made meanwhile is left, as it may be in use already.
 */
export async function putInPlace(unfinished: string, path: string): Promise<void> {
    await run("sync", "sync", ["--file-system", unfinished], { deadlineSeconds: 300 });
    await rename(unfinished, path).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "ENOTEMPTY" && error.code !== "EEXIST") throw error;
    });
}

/**
 * Removes what builds that were killed have left in a directory, a day later. A builder that is not among the processes seen
 * here may run in a container that shares the cache.
 */
export async function removeLeftovers(directory: string): Promise<void> {
    for (const name of await readdir(directory)) {
        const builder = /\.building-(\d+)-[0-9a-f]+(\.\w+)?$/.exec(name)?.[1];
        if (builder === undefined || existsSync(`/proc/${builder}`)) continue;
        const path = join(directory, name);
        if ((await ageOf(path).catch(() => 0)) > 24 * hour) await rm(path, { recursive: true, force: true });
    }
}

/** Whether a process runs a program that lies there. */
async function isRunning(directory: string): Promise<boolean> {
    return (await readdir("/proc")).some((pid) => {
        try {
            return /^\d+$/.test(pid) && readlinkSync(`/proc/${pid}/exe`).startsWith(`${directory}/`);
        } catch {
            // It has ended, or it is the kernel's own.
            return false;
        }
    });
}

/**
 * Removes old ones of the entries `<name>-<hash>` and `<name>-<hash>.tar` of a directory of the cache: all but the three
 * that were used last, those that were used within `hours`, and programs that run.
 */
export async function prune(directory: string, name: string, hours: number): Promise<void> {
    await removeLeftovers(directory);
    const entries = (await readdir(directory)).flatMap((entry) => {
        const [, whole, itsName] = /^((.*)-[0-9a-f]+)(\.tar)?$/.exec(entry) ?? [];
        return itsName === name ? [{ entry, whole }] : [];
    });
    const ages = new Map<string, number>();
    for (const { entry, whole } of entries) {
        // Another clone may have removed it meanwhile.
        const age = await ageOf(join(directory, entry)).catch(() => 0);
        ages.set(whole, Math.min(age, ages.get(whole) ?? Infinity));
    }
    const byUse = [...ages].sort(([, a], [, b]) => a - b);
    for (const [whole, age] of byUse.slice(3)) {
        if (age < hours * hour || (await isRunning(join(directory, whole)))) continue;
        for (const { entry } of entries.filter((other) => other.whole === whole)) {
            // Nobody finds half of it.
            const leaving = unfinishedName(join(directory, entry));
            await rename(join(directory, entry), leaving).catch(() => undefined);
            await rm(leaving, { recursive: true, force: true });
        }
    }
}
