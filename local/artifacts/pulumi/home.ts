import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { removeLeftovers, unfinishedName } from "../../machine/cache";
import { run } from "../../machine/run";
import { pluginVersions, type PluginName } from "./versions";

/** Where the CLI looks for a plugin in a PULUMI_HOME. */
export function pluginDirectory(home: string, name: PluginName): string {
    return join(home, "plugins", `resource-${name}-v${pluginVersions[name]}`);
}

/** In a plugin's directory, which the CLI reads no further than to its program. */
const originFile = "document-sync-origin";

/**
 * Puts a plugin into a PULUMI_HOME, whole or not at all, unless the one there has this origin. Released and built ones of a version have
 * the same directory, so that one of another origin gives way. Callers hold the machine's lock.
 *
 * @param fill writes its files into a directory.
 */
export async function putPlugin(
    home: string,
    name: PluginName,
    origin: string,
    fill: (directory: string) => Promise<void>,
): Promise<void> {
    const target = pluginDirectory(home, name);
    const present = await readFile(join(target, originFile), "utf8").catch(() => undefined);
    if (present === origin) return;
    await mkdir(dirname(target), { recursive: true });
    // Beside `plugins/`, where the CLI would take them for plugins.
    const unfinished = unfinishedName(join(home, basename(target)));
    const replaced = `${unfinished}.old`;
    await mkdir(unfinished);
    try {
        await fill(unfinished);
        await writeFile(join(unfinished, originFile), origin);
        await run("sync", "sync", ["--file-system", unfinished], { deadlineSeconds: 300 });
        // A crash between the two leaves none, and the next start puts one there.
        if (existsSync(target)) await rename(target, replaced);
        await rename(unfinished, target);
    } finally {
        for (const directory of [unfinished, replaced]) await rm(directory, { recursive: true, force: true });
    }
    await removeLeftovers(home);
}
