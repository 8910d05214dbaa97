// Saves versions as the engine does (a temporary file, fsync, an exclusive link, fsync of the directory) until standard input ends.
// It says each save's number and milliseconds, or its error's code.
//
//     saver.ts DIRECTORY

import { closeSync, fsyncSync, linkSync, mkdirSync, openSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

const [, , directory] = process.argv;
mkdirSync(directory, { recursive: true });

function sync(path: string, flags: string, text = ""): void {
    const file = openSync(path, flags);
    try {
        writeSync(file, text);
        fsyncSync(file);
    } finally {
        closeSync(file);
    }
}

function save(version: number): void {
    const unfinished = join(directory, `.saving-${version}`);
    sync(unfinished, "wx", `${version}\n`.repeat(4000));
    linkSync(unfinished, join(directory, `version-${version}`));
    const file = openSync(directory, "r");
    fsyncSync(file);
    closeSync(file);
    rmSync(unfinished);
}

let ended = false;
process.stdin.on("end", () => (ended = true)).resume();

async function main(): Promise<void> {
    for (let version = 1; !ended; version++) {
        const start = performance.now();
        let result = "saved";
        try {
            save(version);
        } catch (error) {
            result = (error as NodeJS.ErrnoException).code ?? String(error);
        }
        console.log(`${result} ${version} ${Math.round(performance.now() - start)}`);
        // Lets the end of the input be heard.
        await delay(10);
    }
}

void main();
