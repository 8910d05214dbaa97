import { basename } from "node:path";
import { run } from "../run";
import { ctr } from "./containerd";
import { directories } from "./settings";

interface ArchiveEntry {
    /** Path of the image's configuration in the archive, named by its SHA-256: it changes with the image. */
    Config: string;
    RepoTags: string[];
}

/** Says of an imported image what it was imported from. */
const label = "document-sync/configuration";

/**
 * Makes the image in a docker-archive known to the cluster, unless it already is.
 *
 * @returns its ID, as the status of a pod that runs it has it.
 */
export async function importImage(archive: string, report: (line: string) => void): Promise<string> {
    const manifest = await run("tar", "tar", ["--extract", "--to-stdout", "--file", archive, "manifest.json"]);
    const [{ Config, RepoTags }] = JSON.parse(manifest) as ArchiveEntry[];
    const [name] = RepoTags;
    const mark = `${label}=${Config}`;
    const id = `sha256:${basename(Config, ".json")}`;
    const known = await ctr(["images", "list", `name==${name}`]);
    if (known.includes(mark)) return id;
    report(`importing ${name}`);
    await ctr(["images", "import", archive], 300);
    // What the label says must be true after a power cut too.
    await run("sync", "sync", ["--file-system", directories.containerdRoot], { deadlineSeconds: 300 });
    await ctr(["images", "label", name, mark]);
    return id;
}
