import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { clusterContext, projectDirectory } from "../../machine/paths";

/** The cluster that a stack's file names, as a context of a kubeconfig; undefined if it is this machine's own, or none is named. */
export function otherContext(stack: string): string | undefined {
    const path = join(projectDirectory, `Pulumi.${stack}.yaml`);
    if (!existsSync(path)) return undefined;
    const file = parse(readFileSync(path, "utf8")) as { config?: Record<string, unknown> } | null;
    const context = file?.config?.["kubernetes:context"];
    return typeof context === "string" && context !== "" && context !== clusterContext ? context : undefined;
}
