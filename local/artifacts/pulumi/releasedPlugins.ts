import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { markUsed, prune, putInPlace, unfinishedName } from "../../machine/cache";
import { cacheDirectory } from "../../machine/paths";
import { doesAnswer, NotToBeHad, runFetch, unanswered } from "../released/fetch";
import { pluginDirectory } from "./home";
import { pluginVersions, type PluginName } from "./versions";

/** The CLI asks the first, then the second. */
const servers = ["https://github.com/pulumi/", "https://get.pulumi.com/install.sh"];

const describePlugin = (name: PluginName) => `Pulumi plugin ${name} ${pluginVersions[name]}`;

/** Where one that was fetched is, or is going to be. */
function fetchedDirectory(name: PluginName): string {
    const key = createHash("sha256").update(JSON.stringify([process.arch, name, pluginVersions[name]]));
    return join(cacheDirectory, "tools", `plugin-${name}-released-${key.digest("hex").slice(0, 16)}`);
}

/** Why a released plugin is not to be had, in a sentence; undefined if it is here, or a server for it answers. */
export async function releasedPluginConflict(name: PluginName): Promise<string | undefined> {
    if (existsSync(fetchedDirectory(name))) return undefined;
    const answers = await Promise.all(servers.map(doesAnswer));
    return answers.includes(true) ? undefined : unanswered(describePlugin(name), ...servers);
}

/**
 * Fetches a released plugin into the cache, whole or not at all.
 *
 * @param program the Pulumi CLI that fetches it.
 * @returns the directory with its files.
 * @throws {NotToBeHad}
 */
export async function fetchPlugin(name: PluginName, program: string, report: (line: string) => void): Promise<string> {
    const directory = fetchedDirectory(name);
    if (!existsSync(directory)) {
        const conflict = await releasedPluginConflict(name);
        if (conflict) throw new NotToBeHad(conflict);
        const what = describePlugin(name);
        report(`fetching ${what}`);
        const unfinished = unfinishedName(directory);
        await mkdir(unfinished, { recursive: true });
        try {
            const install = ["plugin", "install", "resource", name, `v${pluginVersions[name]}`];
            const env = { PULUMI_HOME: unfinished, PULUMI_SKIP_UPDATE_CHECK: "true" };
            await runFetch(`pulumi-plugin-${name}`, what, program, install, env);
            await putInPlace(unfinished, directory);
        } finally {
            await rm(unfinished, { recursive: true, force: true });
        }
        await prune(dirname(directory), `plugin-${name}-released`, 24);
    }
    await markUsed(directory);
    return pluginDirectory(directory, name);
}
