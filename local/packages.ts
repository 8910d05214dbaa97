import { run } from "./run";

/** Debian packages that are not installed, of those named. */
async function missing(names: readonly string[]): Promise<string[]> {
    const installed = await run("packages", "dpkg-query", ["--show", "--showformat=${Package} ${db:Status-Status}\n"]);
    const have = new Set(
        installed
            .split("\n")
            .filter((l) => l.endsWith(" installed"))
            .map((l) => l.split(" ")[0]),
    );
    return names.filter((name) => !have.has(name));
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
        await run("packages", "apt-get", ["update"]);
        await run("packages", "apt-get", ["install", "--yes", "--no-remove", "--no-install-recommends", ...wanted], {
            env: { DEBIAN_FRONTEND: "noninteractive", RUNLEVEL: "1" },
        });
    };
    const result = queue.then(install);
    queue = result.catch(() => undefined);
    return result;
}
