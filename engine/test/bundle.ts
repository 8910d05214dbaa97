import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { buildSync } from "esbuild";

const bundles = new Map<string, string>();
let folder: string | undefined;

/**
 * A TypeScript file with all that it imports as one file that node runs, as the engine is shipped: it starts several times
 * as fast as its sources do. Made once for all tests, in a folder that any user can read.
 */
export function bundled(entryPoint: string): string {
    const known = bundles.get(entryPoint);
    if (known) {
        return known;
    }
    const outfile = join(bundleFolder(), basename(entryPoint).replace(/\.ts$/, ".cjs"));
    const entryPoints = [entryPoint];
    buildSync({ entryPoints, bundle: true, platform: "node", target: "node22", outfile, logLevel: "warning" });
    bundles.set(entryPoint, outfile);
    return outfile;
}

function bundleFolder(): string {
    if (folder === undefined) {
        const made = mkdtempSync(join(tmpdir(), "document-sync-bundle-"));
        chmodSync(made, 0o755);
        process.once("exit", () => rmSync(made, { recursive: true, force: true }));
        folder = made;
    }
    return folder;
}
