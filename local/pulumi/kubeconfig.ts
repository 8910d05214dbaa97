import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import { machine } from "../paths";

/**
 * KUBECONFIG for Pulumi: the local cluster's, and behind it the user's own, so that each stack finds its context. The local one's
 * names are in no other file by chance; of two equal names the first counts.
 */
export function kubeconfigList(own = process.env.KUBECONFIG): string {
    const files = own ? own.split(delimiter) : [join(homedir(), ".kube", "config")];
    return [...new Set([machine.kubeconfig, ...files.filter((file) => file !== "")])].join(delimiter);
}
