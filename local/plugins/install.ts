import { build } from "esbuild";
import { mkdir } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../durable";
import { plugins } from "../pulumi/versions";

/**
 * Puts both plugins into a PULUMI_HOME, each as one file that needs nothing of this clone but the Node that runs now.
 * Over plugins that are there they are put anew, whole at every moment: another clone may be using them.
 */
export async function installPlugins(pulumiHome: string): Promise<void> {
    await Promise.all(
        plugins.map(async ({ name, version }) => {
            const directory = join(pulumiHome, "plugins", `resource-${name}-v${version}`);
            await mkdir(directory, { recursive: true });
            const { outputFiles } = await build({
                entryPoints: [join(__dirname, name, "main.ts")],
                bundle: true,
                write: false,
                platform: "node",
                target: "node20",
                // The Kubernetes client's module format has no __dirname and the like; nothing here asks for them.
                logLevel: "error",
            });
            const [bundle] = outputFiles;
            if (bundle === undefined) throw new Error(`esbuild made nothing of the plugin ${name}`);
            writeDurably(join(directory, "plugin.cjs"), bundle.contents, 0o755);
            const script = `#!/bin/sh\nexec ${quote(process.execPath)} "$(dirname "$0")/plugin.cjs" "$@"\n`;
            writeDurably(join(directory, `pulumi-resource-${name}`), script, 0o755);
        }),
    );
}

/** As one word of a shell script. */
function quote(text: string): string {
    return `'${text.replaceAll("'", `'\\''`)}'`;
}
