import { constants } from "node:fs";
import { copyFile, cp } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { machine } from "../../machine/paths";
import { bundleRandom } from "../plugins/bundle";
import { recall } from "../released/answers";
import { choose } from "../released/choose";
import type { Tools, Wish } from "../released/tools";
import { buildTool } from "../toolchain/build";
import { putPlugin } from "./home";
import { fetchPlugin, releasedPluginConflict } from "./releasedPlugins";
import { pluginNames, pluginVersions, type PluginName } from "./versions";

const partOf = (name: PluginName) => `Pulumi plugin ${name}`;

type Report = (line: string) => void;

/** How each is made where the released one is not to be had. */
const made: Record<PluginName, { readonly from: string; readonly put: (report: Report) => Promise<void> }> = {
    kubernetes: {
        from: "built from its Go module",
        put: async (report) => {
            const binary = await buildTool("pulumi-resource-kubernetes", report);
            // The cache may be cleared; a copy shares its blocks where the file system can.
            const copy = (directory: string) =>
                copyFile(binary, join(directory, basename(binary)), constants.COPYFILE_FICLONE);
            await putPlugin(machine.pulumi.home, "kubernetes", basename(dirname(binary)), copy);
        },
    },
    random: {
        from: "this project's own",
        put: async () => {
            const { hash, write } = await bundleRandom();
            await putPlugin(machine.pulumi.home, "random", `own-${hash}`, write);
        },
    },
};

function preparePlugin(name: PluginName, program: string, wish: Wish, report: Report): Promise<Tools> {
    return choose<Tools>(
        {
            name: partOf(name),
            question: pluginVersions[name],
            released: async () => {
                const fetched = await fetchPlugin(name, program, report);
                const copy = (directory: string) => cp(fetched, directory, { recursive: true });
                await putPlugin(machine.pulumi.home, name, "released", copy);
                return "released";
            },
            built: async () => {
                await made[name].put(report);
                return "built";
            },
            describe: (taken) => `${pluginVersions[name]}, ${taken === "released" ? "released" : made[name].from}`,
        },
        wish,
    );
}

/**
 * Makes the provider plugins ready in this machine's PULUMI_HOME, each released or made here, whichever was there before.
 *
 * @param program the Pulumi CLI that fetches them; any other works with them too.
 * @returns whether both are released ones.
 */
export async function preparePlugins(program: string, wish: Wish, report: Report): Promise<boolean> {
    const taken: Tools[] = [];
    for (const name of pluginNames) taken.push(await preparePlugin(name, program, wish, report));
    return taken.every((way) => way === "released");
}

/** Whether the plugin `kubernetes` will have to be built, as far as can be told before: a server may answer, and the download still fail. */
export async function mustBuildPlugin(tools: Tools | undefined): Promise<boolean> {
    if ((tools ?? recall(partOf("kubernetes"), pluginVersions.kubernetes)?.taken) === "built") return true;
    return (await releasedPluginConflict("kubernetes")) !== undefined;
}
