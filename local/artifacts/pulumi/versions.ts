import { version as kubernetesVersion } from "@pulumi/kubernetes/package.json";
import { version as randomVersion } from "@pulumi/random/package.json";

/** Of the CLI that is fetched, or built. It moves together with @pulumi/pulumi and toolchain/go.mod. */
export const cliVersion = "3.276.0";

/** Of the npm packages that the program uses: the CLI looks for plugins of exactly these. */
export const pluginVersions = { kubernetes: kubernetesVersion, random: randomVersion } as const;

export type PluginName = keyof typeof pluginVersions;

export const pluginNames = ["kubernetes", "random"] as const satisfies readonly PluginName[];

/** Whether this is a version that fits @pulumi/pulumi here, as `pulumi version` prints it. */
export function isUsableVersion(version: string): boolean {
    const [major, minor] = version.replace(/^v/, "").split(".").map(Number);
    return major === 3 && minor >= 246;
}
