import { run } from "../run";
import { ctr } from "./containerd";

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
 * @returns "changed" if another image had its name, which pods may still run.
 */
export async function importImage(
    archive: string,
    report: (line: string) => void,
): Promise<"added" | "changed" | "unchanged"> {
    const manifest = await run("tar", "tar", ["--extract", "--to-stdout", "--file", archive, "manifest.json"]);
    const [{ Config, RepoTags }] = JSON.parse(manifest) as ArchiveEntry[];
    const [name] = RepoTags;
    const mark = `${label}=${Config}`;
    const before = await ctr("images", "list", `name==${name}`);
    if (before.includes(mark)) return "unchanged";
    report(`importing ${name}`);
    await ctr("images", "import", archive);
    await ctr("images", "label", name, mark);
    return before.includes(name) ? "changed" : "added";
}
