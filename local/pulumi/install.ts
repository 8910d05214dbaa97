import { PulumiCommand } from "@pulumi/pulumi/automation";
import { createRequire } from "node:module";
import type * as semver from "semver";

/** Runs Pulumi's official installer: `install.ts DIRECTORY VERSION`. A process of its own, so that it can be ended. */
async function main([root, version]: readonly string[]): Promise<void> {
    // The class of Pulumi's own dependency, as its option wants it.
    const { SemVer } = createRequire(require.resolve("@pulumi/pulumi/automation"))("semver") as typeof semver;
    await PulumiCommand.install({ root, version: new SemVer(version) });
}

main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
});
