import { basename } from "node:path";
import { run } from "../machine/run";
import { nodeRuns, rememberedNodes, runInNode } from "./nodes";
import { nodePaths } from "./programs";
import { describeNodes, type Node } from "./settings";

interface ArchiveEntry {
    /** Path of the image's configuration in the archive, named by its SHA-256: it changes with the image. */
    Config: string;
    RepoTags: string[];
}

/** Says of an imported image what it was imported from. */
const label = "document-sync/configuration";

/** Runs containerd's client in a node. It would wait for ever for a containerd that hangs. */
export function ctr(node: Node, args: readonly string[], deadlineSeconds = 30, input?: string): Promise<string> {
    const command = ["ctr", "--address", nodePaths.containerdSocket, "--namespace", "k8s.io", ...args];
    return runInNode(node, "ctr", command, { deadlineSeconds, input });
}

/**
 * Makes the image in a docker-archive known to some nodes, unless it already is.
 *
 * @returns its ID, as the status of a pod that runs it has it.
 */
export async function importImage(
    archive: string,
    report: (line: string) => void,
    nodes: readonly Node[] = describeNodes(rememberedNodes()).filter(nodeRuns),
): Promise<string> {
    const manifest = await run("tar", "tar", ["--extract", "--to-stdout", "--file", archive, "manifest.json"]);
    const [{ Config, RepoTags }] = JSON.parse(manifest) as ArchiveEntry[];
    const [name] = RepoTags;
    const mark = `${label}=${Config}`;
    await Promise.all(
        nodes.map(async (node) => {
            const known = await ctr(node, ["images", "list", `name==${name}`]);
            if (known.includes(mark)) return;
            report(`importing ${name} into ${node.name}`);
            await ctr(node, ["images", "import", "-"], 300, archive);
            // What the label says must be true after a power cut too.
            await run("sync", "sync", ["--file-system", node.directory], { deadlineSeconds: 300 });
            await ctr(node, ["images", "label", name, mark]);
        }),
    );
    return `sha256:${basename(Config, ".json")}`;
}
