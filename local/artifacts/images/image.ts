import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { chmod, mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { markUsed, prune, putInPlace, removeLeftovers, unfinishedName } from "../../machine/cache";
import { unpackPackage } from "../../machine/packages";
import { cacheDirectory, projectDirectory } from "../../machine/paths";
import { run } from "../../machine/run";
import { type ImageConfig, packLayer, writeArchive } from "./archive";
import type { Base } from "./pulled";
import { buildRoot, type RootKind } from "./rootFileSystem";

type Report = (line: string) => void;

interface AddedFile {
    readonly path: string;
    readonly content: Buffer;
    readonly mode: number;
}

interface Definition {
    readonly name: string;
    /** The root file system under the files; without one the image has only these. */
    readonly root?: RootKind;
    readonly files: (report: Report) => Promise<AddedFile[]>;
    readonly config: ImageConfig;
}

const path = "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
const locale = ["LANG=C.UTF-8", "LC_ALL=C.UTF-8"];

/** @returns the program's path. The package itself can't be installed beside the `busybox` that most machines have. */
async function staticBusybox(report: Report): Promise<string> {
    const directory = join(cacheDirectory, "busybox");
    if (!existsSync(directory)) {
        await unpackPackage("busybox-static", directory, report);
        await removeLeftovers(cacheDirectory);
    }
    // Since Debian 13, packages name the real directory.
    const [program] = ["bin/busybox", "usr/bin/busybox"].map((name) => join(directory, name)).filter(existsSync);
    return program;
}

const definitions = {
    /** Holds a pod's namespaces; in a pod that shares its process namespace it is the first process, which reaps. */
    sandbox: {
        name: "localhost/document-sync/sandbox:dev",
        files: async (report: Report) => {
            return [{ path: "bin/busybox", content: await readFile(await staticBusybox(report)), mode: 0o755 }];
        },
        config: {
            User: "65535:65535",
            Env: ["PATH=/bin"],
            // The wait takes in the children of others, too. A first process has no default end by a signal, hence the trap.
            Entrypoint: [
                "/bin/busybox",
                "sh",
                "-c",
                "trap 'exit 0' TERM INT; while :; do /bin/busybox sleep 2147483647 & wait; done",
            ],
        },
    },
    /** RabbitMQ, used in every way as the official image: user 999, rabbitmq-server on the PATH, conf.d, data directory. */
    broker: {
        name: "localhost/document-sync/broker:dev",
        root: "broker",
        files: () => Promise.resolve([]),
        config: {
            User: "999:999",
            // Debian's own /usr/sbin/rabbitmq-server writes the log to files.
            Env: [path.replace("=", "=/usr/lib/rabbitmq/bin:"), ...locale, "HOME=/var/lib/rabbitmq"],
            Cmd: ["rabbitmq-server"],
            ExposedPorts: { "5672/tcp": {} },
            Volumes: { "/var/lib/rabbitmq": {} },
        },
    },
    /** The stand-in engine: its arguments are the flags, as with Qlik's image. */
    engine: {
        name: "localhost/document-sync/engine:dev",
        root: "node",
        files: async () => {
            await run("engine-build", "npm", ["run", "--silent", "build", "-w", "engine"], { cwd: projectDirectory });
            const built = async (name: string) => ({
                path: `engine/${name}`,
                content: await readFile(join(projectDirectory, "engine", "dist", name)),
                mode: 0o644,
            });
            return Promise.all(["engine.cjs", "THIRD-PARTY-LICENSES.txt"].map(built));
        },
        config: {
            User: "1910:1910",
            Env: [path, ...locale],
            Entrypoint: ["node", "/engine/engine.cjs"],
            ExposedPorts: { "9076/tcp": {} },
        },
    },
} satisfies Record<string, Definition>;

export type ImageKind = keyof typeof definitions;

/** The root file system as a layer, kept beside it. */
async function rootLayer(kind: RootKind, report: Report): Promise<string> {
    const root = await buildRoot(kind, report);
    const layer = `${root}.tar`;
    if (existsSync(layer)) return layer;
    const building = unfinishedName(layer);
    report(`packing ${kind}`);
    await packLayer(root, building);
    await putInPlace(building, layer);
    return layer;
}

async function filesLayer(directory: string, files: readonly AddedFile[]): Promise<string> {
    const content = join(directory, "content");
    for (const file of files) {
        const target = join(content, file.path);
        await mkdir(dirname(target), { recursive: true });
        await writeFile(target, file.content);
        await chmod(target, file.mode);
        // Whatever the umask is.
        for (let above = dirname(target); above !== directory; above = dirname(above)) await chmod(above, 0o755);
    }
    const layer = join(directory, "layer.tar");
    await packLayer(content, layer);
    return layer;
}

/**
 * An image as a docker-archive in the cache directory, made unless one with the same content is there. Its name stays the
 * same whatever its content.
 *
 * @param base a published one, in place of the root that is made of Debian packages. Without files of its own, the image is
 * that one, with its configuration.
 * @returns the image's name with its tag, and the archive's path.
 */
export async function buildImage(
    kind: ImageKind,
    report: Report,
    base?: Base,
): Promise<{ name: string; archive: string }> {
    const { name, root, files, config: ours }: Definition = definitions[kind];
    const layers = base ? [...base.layers] : root === undefined ? [] : [await rootLayer(root, report)];
    const added = await files(report);
    const config = base && added.length === 0 ? base.config : ours;
    const hash = createHash("sha256").update(JSON.stringify([name, layers, config]));
    for (const file of added) hash.update(JSON.stringify([file.path, file.mode])).update(file.content);
    const directory = join(cacheDirectory, "images");
    const archive = join(directory, `${kind}-${hash.digest("hex").slice(0, 12)}.tar`);
    if (existsSync(archive)) {
        await markUsed(archive);
        return { name, archive };
    }

    report(`writing ${name}`);
    await mkdir(directory, { recursive: true });
    // Beside the archive, into which layers are linked.
    const scratch = `${unfinishedName(archive)}.layer`;
    try {
        if (added.length > 0) layers.push(await filesLayer(scratch, added));
        await writeArchive(archive, name, layers, config);
    } finally {
        await rm(scratch, { recursive: true, force: true });
    }
    // They are large, many on a day of work at the engine, and made in seconds.
    await prune(directory, kind, 1);
    return { name, archive };
}
