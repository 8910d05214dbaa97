import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { link, mkdir, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { putInPlace, unfinishedName } from "../../machine/cache";
import { run } from "../../machine/run";

/** What of the OCI image configuration's `config` is set here. */
export interface ImageConfig {
    readonly User: string;
    readonly Env: readonly string[];
    readonly Entrypoint?: readonly string[];
    readonly Cmd?: readonly string[];
    readonly ExposedPorts?: Readonly<Record<string, Record<string, never>>>;
    readonly Volumes?: Readonly<Record<string, Record<string, never>>>;
}

const architectures: Partial<Record<NodeJS.Architecture, string>> = { x64: "amd64", arm64: "arm64" };

async function sha256(path: string): Promise<string> {
    const hash = createHash("sha256");
    await pipeline(createReadStream(path), hash);
    return hash.digest("hex");
}

/** Packs what is in a directory, with its owners and modes, as a layer of an image. The same content gives the same bytes. */
export async function packLayer(directory: string, layer: string): Promise<void> {
    // Not the directory itself, whose mode says nothing of the image; and a container's devices are made at its start.
    const names = (await readdir(directory)).sort();
    const form = ["--sort=name", "--mtime=@0", "--numeric-owner", "--exclude=dev/*"];
    await run("layer", "tar", ["--create", "--file", layer, "--directory", directory, ...form, ...names]);
}

/**
 * Writes an image as a docker-archive (Docker Image Specification v1.2), which containerd, Docker and Podman import.
 *
 * @param archive its path; there only when it is whole.
 * @param name the image's, with its tag.
 * @param layers uncompressed tar files, the lowest first.
 */
export async function writeArchive(
    archive: string,
    name: string,
    layers: readonly string[],
    config: ImageConfig,
): Promise<void> {
    const building = unfinishedName(archive);
    const content = `${building}.content`;
    await mkdir(content, { recursive: true });
    try {
        const digests = [];
        for (const layer of layers) {
            const digest = await sha256(layer);
            await link(layer, join(content, `${digest}.tar`));
            digests.push(digest);
        }
        const configuration = JSON.stringify({
            architecture: architectures[process.arch],
            os: "linux",
            created: "1970-01-01T00:00:00Z",
            config,
            rootfs: { type: "layers", diff_ids: digests.map((digest) => `sha256:${digest}`) },
        });
        const configurationFile = `${createHash("sha256").update(configuration).digest("hex")}.json`;
        await writeFile(join(content, configurationFile), configuration);
        const manifest = [
            { Config: configurationFile, RepoTags: [name], Layers: digests.map((digest) => `${digest}.tar`) },
        ];
        await writeFile(join(content, "manifest.json"), JSON.stringify(manifest));
        const files = ["manifest.json", configurationFile, ...manifest[0].Layers];
        await run("archive", "tar", ["--create", "--file", building, "--directory", content, ...files]);
        await putInPlace(building, archive);
    } finally {
        await rm(content, { recursive: true, force: true });
        await rm(building, { force: true });
    }
}
