import { run } from "../run";
import { ctr } from "./containerd";

interface ArchiveEntry {
    /** Path of the image's configuration in the archive, named by its SHA-256. */
    Config: string;
    RepoTags: string[];
}

/** Digests by name, from what `ctr images list` printed: REF TYPE DIGEST …. */
export function parseImageList(printed: string): Map<string, string> {
    return new Map(
        printed
            .split("\n")
            .slice(1)
            .map((line) => line.trim().split(/\s+/))
            .filter((columns) => columns.length >= 3)
            .map(([name, , digest]) => [name, digest]),
    );
}

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
    const before = parseImageList(await ctr("images", "list"));
    // Beside its name, the CRI keeps each image under the digest of its configuration.
    const same = before.get(`sha256:${Config.replace(/^.*\//, "").replace(/\.json$/, "")}`);
    if (same !== undefined && before.get(name) === same) return "unchanged";
    report(`importing ${name}`);
    await ctr("images", "import", archive);
    return before.has(name) ? "changed" : "added";
}
