import { readFile, rm, writeFile } from "node:fs/promises";
import { run } from "./run";

/** What Debian's package scripts ask before they start a service: https://people.debian.org/~hmh/invokerc.d-policyrc.d-specification.txt */
const policyFile = "/usr/sbin/policy-rc.d";
const policy = `#!/bin/sh
# document-sync is installing packages, whose services stay as they are. It takes this file away again.
exit 101
`;

/** Debian packages that are not installed, of those named. */
async function missing(names: readonly string[]): Promise<string[]> {
    const installed = await run("packages", "dpkg-query", ["--show", "--showformat=${Package} ${db:Status-Status}\n"]);
    const have = new Set(
        installed
            .split("\n")
            .filter((line) => line.endsWith(" installed"))
            .map((line) => line.split(" ")[0]),
    );
    return names.filter((name) => !have.has(name));
}

/** A machine that has a policy of its own keeps it. */
async function withoutServices(work: () => Promise<unknown>): Promise<void> {
    await writeFile(policyFile, policy, { flag: "wx", mode: 0o755 }).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== "EEXIST") throw error;
    });
    try {
        await work();
    } finally {
        if ((await readFile(policyFile, "utf8")) === policy) await rm(policyFile);
    }
}

async function aptGet(...args: string[]): Promise<void> {
    await run("packages", "apt-get", ["--option", "DPkg::Lock::Timeout=600", ...args], {
        env: { DEBIAN_FRONTEND: "noninteractive" },
    });
}

let queue: Promise<unknown> = Promise.resolve();

/**
 * Installs Debian packages that are missing: never removes another one, starts no service of theirs.
 * Calls run one after the other, as dpkg's own lock would have it.
 */
export function installPackages(names: readonly string[], report: (line: string) => void): Promise<void> {
    const install = async () => {
        const wanted = await missing(names);
        if (wanted.length === 0) return;
        report(`installing ${wanted.join(", ")}`);
        await aptGet("update");
        await withoutServices(() => aptGet("install", "--yes", "--no-remove", "--no-install-recommends", ...wanted));
    };
    const result = queue.then(install);
    queue = result.catch(() => undefined);
    return result;
}
