// Runs a program of node_modules/.bin in a clone where nothing may be installed yet: installs the packages of
// package-lock.json first, only if they are not the ones that are there, and, where this Node.js is too old, a newer one to run it
// with. Plain JavaScript, since nothing else runs before.
//
//     node local/bootstrap.mjs PROGRAM [ARGUMENTS]
//     node local/bootstrap.mjs --install            only installs
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { installRuntime } from "./machine/runtime/runtime.mjs";
import { proxyEnvironment } from "./proxies.mjs";

function refuse(sentence) {
    console.error(sentence);
    process.exit(1);
}

const [major, minor] = process.versions.node.split(".").map(Number);
const isOld = major < 22 || (major === 22 && minor < 19);
const hasRuntime = process.platform === "linux" && process.arch === "x64";
// Those before 20 come with an npm that is too old as well.
if (isOld && (major < 20 || !hasRuntime)) {
    refuse(`Node.js 22.19 or newer is needed; this is ${process.versions.node}.`);
}

Object.assign(process.env, proxyEnvironment(process.env));
const project = resolve(import.meta.dirname, "..");
const modules = join(project, "node_modules");

/** The packages of a lockfile, by their folder. @returns undefined if it can't be read. */
function readPackages(...path) {
    try {
        return JSON.parse(readFileSync(join(project, ...path), "utf8")).packages;
    } catch {
        return undefined;
    }
}

/** Whether the packages of package-lock.json are there, whichever npm command installed them: npm writes down what it did. */
function isInstalled() {
    const installed = readPackages("node_modules", ".package-lock.json");
    const isThere = ([folder, { version, optional }]) =>
        folder === "" || optional || (folder in installed && installed[folder].version === version);
    return installed !== undefined && Object.entries(readPackages("package-lock.json")).every(isThere);
}

function installPackages() {
    if (isInstalled()) return;
    console.error("Installing the packages of package-lock.json …");
    // Standard output belongs to the program that runs next: `pulumi stack output --json` must stay JSON.
    // What an old Node.js installs, a newer one runs.
    const strict = isOld ? ["--engine-strict=false"] : [];
    const npm = spawnSync("npm", ["ci", "--include=dev", "--no-audit", "--no-fund", "--loglevel=error", ...strict], {
        cwd: project,
        stdio: ["ignore", 2, 2],
    });
    if (npm.status !== 0) refuse("npm ci failed; its own message is above.");
}

const [program, ...args] = process.argv.slice(2);
if (program === "--install") {
    installPackages();
    process.exit(0);
}
if (!isInstalled()) {
    // One at a time: two npm in one directory would take each other's files away. macOS has no flock(1).
    mkdirSync(join(project, ".local"), { recursive: true });
    const self = [process.execPath, import.meta.filename, "--install"];
    const lock = join(project, ".local", "install.lock");
    const flock = (...args) => spawnSync("flock", [...args, lock, ...self], { stdio: "inherit" });
    let locked = flock("--nonblock", "--conflict-exit-code", "75");
    if (locked.status === 75) {
        console.error("Waiting for another command of this clone, which installs its packages …");
        locked = flock();
    }
    if (locked.error) installPackages();
    else if (locked.status !== 0) process.exit(1);
}
function runtimePath() {
    try {
        return isOld ? [installRuntime()] : [];
    } catch (error) {
        return refuse(error.message);
    }
}

const child = spawn(program, args, {
    cwd: project,
    stdio: "inherit",
    env: { ...process.env, PATH: [...runtimePath(), join(modules, ".bin"), process.env.PATH].join(delimiter) },
});
child.on("error", (error) => refuse(`${program} could not be started: ${error.message}`));
// A terminal sends its signals to the child too; this process ends when the child does, with its result.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"]) process.on(signal, () => child.kill(signal));
child.on("exit", (code, signal) => process.exit(code ?? (signal ? 1 : 0)));
