import { parseDocument } from "yaml";

/** Name of the kind cluster. */
export const cluster = "document-sync";

/** Name that `npm run engine:image` gives the stand-in engine's image. */
export const engineImage = "localhost/document-sync/engine:dev";

/** User and group of the engines from engine version 12.350 on, which the example has. */
export const engineUser = 1910;

/** Where Pulumi.example.yaml differs for a stack of two stand-in engines on the kind cluster of cluster.yaml. */
const values: Readonly<Record<string, string | number>> = {
    "kubernetes:context": `kind-${cluster}`,
    // The stand-in engine's licence, which is the project's own.
    "document-sync:acceptEula": "true",
    "document-sync:engineImage": engineImage,
    "document-sync:nodeHost": "127.0.0.1",
    "document-sync:engine1NodePort": 30761,
    "document-sync:engine2NodePort": 30762,
};

/**
 * The stack file for kind, made from the example.
 *
 * @param example text of Pulumi.example.yaml.
 * @returns the file's text, and the documents' directory on the node.
 */
export function stackFileFrom(example: string): { text: string; hostPath: string } {
    const document = parseDocument(example);
    for (const [key, value] of Object.entries(values)) document.setIn(["config", key], value);
    return { text: document.toString(), hostPath: String(document.getIn(["config", "document-sync:hostPath"])) };
}
