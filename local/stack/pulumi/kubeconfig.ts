import { readFileSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { parse, stringify } from "yaml";
import { writeDurably } from "../../machine/durable";
import { clusterContext, machine } from "../../machine/paths";

/**
 * KUBECONFIG for Pulumi: the local cluster's, and behind it the user's own, so that each stack finds its context. The local one's
 * names are in no other file by chance; of two equal names the first counts.
 */
export function kubeconfigList(own = process.env.KUBECONFIG): string {
    const files = own ? own.split(delimiter) : [join(homedir(), ".kube", "config")];
    return [...new Set([machine.pulumi.context, machine.kubeconfig, ...files.filter(isReadable)])].join(delimiter);
}

/** One that can't be read would make every stack fail, also those that need none of it. */
function isReadable(file: string): boolean {
    try {
        return typeof parse(readFileSync(file, "utf8")) === "object";
    } catch {
        return false;
    }
}

/** Says which context a stack gets that names none: never the user's current one, even while there is no local cluster. */
export function writeContext(): void {
    writeDurably(
        machine.pulumi.context,
        stringify({ apiVersion: "v1", kind: "Config", "current-context": clusterContext }),
    );
}
