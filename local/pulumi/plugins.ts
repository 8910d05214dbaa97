import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { cp, mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { markUsed, prune, putInPlace, unfinishedName } from "../cache";
import { cacheDirectory, machine } from "../paths";
import { installPlugins } from "../plugins/install";
import { choose } from "../released/choose";
import { doesAnswer, NotToBeHad, runFetch, unanswered } from "../released/fetch";
import type { Wish } from "../released/tools";
import type { Cli } from "./cli";
import { plugins } from "./versions";

/** The CLI asks the first, then the second. */
const servers = ["https://github.com/pulumi/", "https://get.pulumi.com/install.sh"];

const list = plugins.map(({ name, version }) => `${name} ${version}`).join(" and ");

const nameOf = ({ name, version }: (typeof plugins)[number]) => `resource-${name}-v${version}`;

/** Where those that were fetched are, or are going to be. */
function fetchedDirectory(): string {
    const key = createHash("sha256")
        .update(JSON.stringify([process.arch, plugins]))
        .digest("hex")
        .slice(0, 16);
    return join(cacheDirectory, "tools", `plugins-released-${key}`);
}

/** Why the released plugins are not to be had, in a sentence; undefined if they are here, or a server for them answers. */
export async function releasedPluginsConflict(): Promise<string | undefined> {
    if (existsSync(fetchedDirectory())) return undefined;
    const answers = await Promise.all(servers.map(doesAnswer));
    return answers.includes(true) ? undefined : unanswered(`Pulumi plugins ${list}`, ...servers);
}

/** Fetches the plugins into the cache, all of them or none. @returns the directory that has them, in the form of a PULUMI_HOME. */
async function fetchPlugins(program: string, report: (line: string) => void): Promise<string> {
    const directory = fetchedDirectory();
    if (!existsSync(directory)) {
        const conflict = await releasedPluginsConflict();
        if (conflict) throw new NotToBeHad(conflict);
        report(`fetching the plugins ${list}`);
        const unfinished = unfinishedName(directory);
        await mkdir(unfinished, { recursive: true });
        try {
            for (const { name, version } of plugins) {
                const what = `Pulumi plugin ${name} ${version}`;
                const install = ["plugin", "install", "resource", name, `v${version}`];
                const env = { PULUMI_HOME: unfinished, PULUMI_SKIP_UPDATE_CHECK: "true" };
                await runFetch("pulumi-plugins", what, program, install, env);
            }
            await putInPlace(unfinished, directory);
        } finally {
            await rm(unfinished, { recursive: true, force: true });
        }
        await prune(dirname(directory), "plugins-released", 24);
    }
    await markUsed(directory);
    return directory;
}

/** Puts plugins that were fetched into the PULUMI_HOME of this machine, each whole or not at all. */
async function installReleased(fetched: string): Promise<void> {
    const home = machine.pulumi.releasedHome;
    await mkdir(join(home, "plugins"), { recursive: true });
    for (const name of plugins.map(nameOf)) {
        const target = join(home, "plugins", name);
        if (existsSync(target)) continue;
        const unfinished = unfinishedName(join(home, name));
        await rm(unfinished, { recursive: true, force: true });
        await cp(join(fetched, "plugins", name), unfinished, { recursive: true });
        await putInPlace(unfinished, target);
    }
}

/**
 * Makes the two provider plugins ready, for any CLI.
 *
 * @returns the PULUMI_HOME that they are in, and whether they are this project's own.
 */
export async function preparePlugins(
    { program }: Cli,
    wish: Wish,
    report: (line: string) => void,
): Promise<{ home: string; ownPlugins: boolean }> {
    return choose<{ home: string; ownPlugins: boolean }>(
        {
            name: "Pulumi plugins",
            question: list,
            released: async () => {
                await installReleased(await fetchPlugins(program, report));
                return { home: machine.pulumi.releasedHome, ownPlugins: false };
            },
            built: async () => {
                await installPlugins(machine.pulumi.home);
                return { home: machine.pulumi.home, ownPlugins: true };
            },
            describe: ({ ownPlugins }) => `${list}, ${ownPlugins ? "this project's own" : "released"}`,
        },
        wish,
    );
}
