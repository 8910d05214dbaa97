import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { putInPlace, unfinishedName } from "./cache";
import { run } from "./run";

/** Debian packages that the local platform installs where they are missing, by what needs them. */
export const debianPackages = {
    cluster: ["containerd", "runc", "containernetworking-plugins", "iptables", "iproute2", "openssl"],
    rootFileSystems: ["mmdebstrap", "debian-archive-keyring"],
    pulledImages: ["skopeo"],
    tests: ["buildah"],
} as const;

/** What Debian's package scripts ask before they start a service: https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt */
const policyFile = "/usr/sbin/policy-rc.d";
const policy = `#!/bin/sh
# document-sync is installing packages, whose services stay as they are. It takes this file away again.
exit 101
`;

/** Debian packages that are not installed, of those named. */
function missing(names: readonly string[]): string[] {
    // A name that dpkg has never heard of makes dpkg-query fail; what it knows of the others it prints all the same.
    const query = ["--show", "--showformat=${Package} ${db:Status-Status}\n", ...names];
    const { stdout: installed, error } = spawnSync("dpkg-query", query, { encoding: "utf8" });
    if (error) throw new Error(`the local platform needs Debian or something like it: ${error.message}`);
    const have = new Set(
        installed
            .split("\n")
            .filter((line) => line.endsWith(" installed"))
            .map((line) => line.split(" ")[0]),
    );
    return names.filter((name) => !have.has(name));
}

/** Takes our own policy away, also one that a run which was killed has left. */
async function removePolicy(): Promise<void> {
    const present = await readFile(policyFile, "utf8").catch(() => "");
    if (present === policy) await rm(policyFile);
}

/** A machine that has a policy of its own keeps it. */
async function withoutServices(work: () => Promise<unknown>): Promise<void> {
    await writeFile(policyFile, policy, { flag: "wx", mode: 0o755 }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error;
    });
    try {
        await work();
    } finally {
        await removePolicy();
    }
}

/**
 * Why packages cannot be installed, in a sentence: another one would have to go. Undefined if none would, or if apt cannot
 * tell yet, because it has not fetched its lists.
 */
export function packageConflict(names: readonly string[]): string | undefined {
    const wanted = missing(names);
    if (wanted.length === 0) return undefined;
    const { stdout } = spawnSync("apt-get", ["--simulate", "install", "--no-install-recommends", ...wanted], {
        encoding: "utf8",
        env: { ...process.env, LC_ALL: "C" },
    });
    const removed = [...stdout.matchAll(/^Remv (\S+)/gm)].map(([, name]) => name);
    if (removed.length === 0) return undefined;
    return (
        `the Debian packages ${wanted.join(", ")} are needed, and installing them would remove ${removed.join(", ")}, ` +
        "which is left to you"
    );
}

async function aptGet(...args: string[]): Promise<void> {
    await run("packages", "apt-get", ["--option", "DPkg::Lock::Timeout=600", ...args], {
        env: { DEBIAN_FRONTEND: "noninteractive" },
    });
}

let queue: Promise<unknown> = Promise.resolve();

/** Does work on packages after the work that was asked for before. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
    const result = queue.then(work);
    queue = result.catch(() => undefined);
    return result;
}

/**
 * Installs Debian packages that are missing: never removes another one, starts no service of theirs.
 * Calls run one after the other, as dpkg's own lock would have it.
 */
export function installPackages(names: readonly string[], report: (line: string) => void): Promise<void> {
    const install = async () => {
        const wanted = missing(names);
        await removePolicy();
        if (wanted.length === 0) return;
        report(`installing ${wanted.join(", ")}`);
        await aptGet("update");
        const conflict = packageConflict(wanted);
        if (conflict) throw new Error(conflict);
        await withoutServices(() => aptGet("install", "--yes", "--no-remove", "--no-install-recommends", ...wanted));
    };
    return inTurn(install);
}

/** Fetches packages, each `name` or `name=version`, and unpacks them into a directory that is there only when it is whole. */
async function unpack(packages: readonly string[], directory: string): Promise<void> {
    const unfinished = unfinishedName(directory);
    const [download, files] = [join(unfinished, "download"), join(unfinished, "files")];
    await rm(unfinished, { recursive: true, force: true });
    await mkdir(download, { recursive: true });
    try {
        await mkdir(join(files, "usr"), { recursive: true });
        if (packages.length > 0) await run("packages", "apt-get", ["download", ...packages], { cwd: download });
        for (const archive of await readdir(download)) {
            await run("packages", "dpkg-deb", ["--extract", join(download, archive), files]);
        }
        // Where these names lead since /usr was merged; until Debian 13, packages have files under both.
        for (const name of ["bin", "lib", "lib64", "sbin"].filter((entry) => existsSync(join(files, entry)))) {
            await run("packages", "cp", [
                "--archive",
                "--no-target-directory",
                join(files, name),
                join(files, "usr", name),
            ]);
            await rm(join(files, name), { recursive: true });
        }
        await putInPlace(files, directory);
    } finally {
        await rm(unfinished, { recursive: true, force: true });
    }
}

/**
 * Fetches a Debian package and unpacks it, without installing it.
 *
 * @param directory made for its files; there only when it is whole.
 */
export function unpackPackage(name: string, directory: string, report: (line: string) => void): Promise<void> {
    return inTurn(async () => {
        report(`fetching ${name}`);
        await aptGet("update");
        await unpack([name], directory);
    });
}

/** What apt would install for packages, themselves among it: what this machine lacks, each as `name=version`. */
async function resolve(names: readonly string[]): Promise<string[]> {
    const args = ["--simulate", "install", "--no-install-recommends", ...names];
    const plan = await run("packages", "apt-get", args, { env: { LC_ALL: "C" } });
    return [...plan.matchAll(/^Inst (\S+) (?:\[\S+\] )?\((\S+)/gm)]
        .map(([, name, version]) => `${name}=${version}`)
        .sort();
}

/**
 * Fetches Debian packages with all that they depend on and this machine lacks, and unpacks them into one directory, without
 * installing them.
 *
 * @param directoryOf where the files of these packages belong, each `name=version`; there only when it is whole.
 * @returns the directory. What is there for the versions that apt knows of is not fetched again.
 */
export function unpackWithDependencies(
    names: readonly string[],
    directoryOf: (packages: readonly string[]) => string,
    report: (line: string) => void,
): Promise<string> {
    return inTurn(async () => {
        // Without its lists, apt knows of none.
        const known = await resolve(names).catch(() => undefined);
        if (known !== undefined && existsSync(directoryOf(known))) return directoryOf(known);
        await aptGet("update");
        const packages = await resolve(names);
        const directory = directoryOf(packages);
        if (existsSync(directory)) return directory;
        report(`fetching ${names.join(", ")} (${packages.length} packages)`);
        await unpack(packages, directory);
        return directory;
    });
}
