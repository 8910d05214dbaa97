import { existsSync } from "node:fs";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { writeDurably } from "../machine/durable";
import { machine } from "../machine/paths";
import { kubernetesVersion } from "../artifacts/toolchain/tools";

/** What a cluster was made by. The format counts up when a cluster's files are laid out in another way. */
const ours = `format 2, Kubernetes ${kubernetesVersion}`;

/** Of clusters that say nothing: they were made before clusters did. */
const first = "format 1, Kubernetes v1.35.4";

const fileIn = (directory: string) => join(directory, "version");

/** Says in a cluster's directory what it was made by. */
export function writeVersion(directory: string): void {
    writeDurably(fileIn(directory), `${ours}\n`);
}

/** Why the cluster in this directory is not for this clone, in a sentence: another version of the project made it. */
export async function versionConflict(directory: string): Promise<string | undefined> {
    const text = await readFile(fileIn(directory), "utf8").catch((error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return existsSync(join(directory, "etcd")) ? first : ours;
        throw error;
    });
    const theirs = text.trim();
    if (theirs === ours) return undefined;
    return (
        `the cluster in ${directory} was made by another version of document-sync (${theirs}; this is ${ours}): work on in ` +
        `a clone of that version, or run npm stop there and remove ${directory} and ${machine.pulumi.directory}, which go together ` +
        `(documents and volumes stay: ${machine.documents}, ${machine.shared}, ${machine.bricks})`
    );
}
