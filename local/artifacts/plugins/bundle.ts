import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";

/** The small plugin `random`, ready to be written. */
export interface Bundle {
    /** Changes with what is in it. */
    readonly hash: string;
    /** Writes the plugin's files into a directory. */
    readonly write: (directory: string) => Promise<void>;
}

/** As one word of a shell script. */
function quote(text: string): string {
    return `'${text.replaceAll("'", `'\\''`)}'`;
}

/** Bundles the plugin into one file that needs nothing of this clone but the Node that runs now. */
export async function bundleRandom(): Promise<Bundle> {
    const { outputFiles } = await build({
        entryPoints: [join(__dirname, "random", "main.ts")],
        bundle: true,
        write: false,
        platform: "node",
        target: "node22",
        logLevel: "error",
    });
    const program = outputFiles[0].contents;
    const script = `#!/bin/sh\nexec ${quote(process.execPath)} "$(dirname "$0")/plugin.cjs" "$@"\n`;
    return {
        hash: createHash("sha256").update(script).update(program).digest("hex").slice(0, 16),
        write: async (directory) => {
            await mkdir(directory, { recursive: true });
            await writeFile(join(directory, "plugin.cjs"), program);
            await writeFile(join(directory, "pulumi-resource-random"), script, { mode: 0o755 });
        },
    };
}
