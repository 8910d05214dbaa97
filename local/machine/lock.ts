import { spawnSync } from "node:child_process";
import { mkdirSync, openSync, readFileSync, writeFileSync, closeSync } from "node:fs";
import { basename, dirname } from "node:path";
import { machine } from "./paths";

/**
 * Takes the machine's lock for as long as this process lives: a flock(2), so that it ends with its holder, however that ends.
 * If it has to be waited for, it says for whom.
 */
export function takeLock(): void {
    const path = machine.lock;
    if (process.getuid?.() !== 0) throw new Error("the local platform needs root, as containers do here");
    mkdirSync(dirname(path), { recursive: true });
    const descriptor = openSync(path, "a");
    // flock(1) locks the open file that it shares with us; the lock stays ours when it has ended.
    const flock = (...args: string[]) =>
        spawnSync("flock", [...args, "3"], { stdio: ["ignore", "ignore", "inherit", descriptor] });
    const first = flock("--nonblock");
    if (first.error) {
        closeSync(descriptor);
        throw new Error(`flock(1), of util-linux, is needed: ${first.error.message}`);
    }
    if (first.status !== 0) {
        const holder = readFileSync(path, "utf8").trim() || "another process";
        console.log(`Waiting for ${holder}, which works on this machine's cluster …`);
        if (flock().status !== 0) throw new Error(`the lock ${path} could not be taken`);
    }
    writeFileSync(path, `npm ${basename(process.argv[1], ".ts")} (process ${process.pid})\n`);
}
