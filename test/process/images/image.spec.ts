import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import {
    chmodSync,
    chownSync,
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    statSync,
    utimesSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { packLayer, writeArchive } from "../../../local/artifacts/images/archive";
import { buildImage, type ImageKind } from "../../../local/artifacts/images/image";
import { readMirrors } from "../../../local/artifacts/images/mirrors";
import { buildRoot, type RootKind } from "../../../local/artifacts/images/rootFileSystem";

const report = (line: string) => process.stderr.write(`${line}\n`);

function tar(...args: string[]): Buffer {
    const { status, stdout, stderr } = spawnSync("tar", args, { maxBuffer: 1 << 28 });
    expect(status, stderr.toString()).to.equal(0);
    return stdout;
}

interface Configuration {
    config: { User: string; Entrypoint?: string[]; Cmd?: string[]; Env: string[] };
    rootfs: { diff_ids: string[] };
}

interface Manifest {
    Config: string;
    RepoTags: string[];
    Layers: string[];
}

function readArchive(archive: string): { manifest: Manifest; configuration: Configuration } {
    const read = (name: string) => tar("--extract", "--to-stdout", "--file", archive, name).toString();
    const [manifest] = JSON.parse(read("manifest.json")) as Manifest[];
    const text = read(manifest.Config);
    expect(manifest.Config).to.equal(`${createHash("sha256").update(text).digest("hex")}.json`);
    return { manifest, configuration: JSON.parse(text) as Configuration };
}

describe("Images", function () {
    this.timeout(600_000);

    let directory: string;
    beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "images-test-"))));
    afterEach(() => rmSync(directory, { recursive: true, force: true }));

    it("pack the same content, with its owners and modes, into the same bytes", async () => {
        const pack = async (name: string, changed: number) => {
            const content = join(directory, name);
            mkdirSync(join(content, "data"), { recursive: true });
            writeFileSync(join(content, "data", "file"), "text");
            chownSync(join(content, "data", "file"), 999, 998);
            chmodSync(join(content, "data", "file"), 0o640);
            utimesSync(join(content, "data", "file"), changed, changed);
            await packLayer(content, join(directory, `${name}.tar`));
            return readFileSync(join(directory, `${name}.tar`));
        };
        const first = await pack("first", 1_000);
        expect(first.equals(await pack("second", 2_000))).to.equal(true);
        const listing = tar(
            "--list",
            "--verbose",
            "--numeric-owner",
            "--file",
            join(directory, "first.tar"),
        ).toString();
        expect(listing).to.match(/^-rw-r----- 999\/998 .* data\/file$/m);
    });

    it("leave nothing where one could not be written", async () => {
        const missing = join(directory, "missing.tar");
        const archive = join(directory, "image.tar");
        const written = writeArchive(archive, "localhost/x:1", [missing], { User: "1:1", Env: [] });
        expect(await written.catch(String)).to.match(/ENOENT/);
        expect(readdirSync(directory)).to.deep.equal([]);
    });

    for (const kind of ["broker", "node"] satisfies RootKind[]) {
        it(`have a root (${kind}) that names neither this machine nor its mirror, and no secret`, async () => {
            const root = await buildRoot(kind, report);
            const mirrors = await readMirrors();
            for (const mirror of Object.values(mirrors).filter((uri) => uri !== undefined)) {
                const found = spawnSync("grep", ["-rIlF", mirror, join(root, "etc"), join(root, "var")]);
                expect(found.stdout.toString()).to.equal("");
                // 1: grep has read everything and found nothing.
                expect(found.status).to.equal(1);
            }
            expect(readdirSync(join(root, "etc/apt"))).to.deep.equal([]);
            expect(readFileSync(join(root, "etc/hosts"), "utf8")).to.equal("127.0.0.1 localhost\n::1 localhost\n");
            for (const path of ["etc/hostname", "etc/resolv.conf", "var/lib/rabbitmq/.erlang.cookie"])
                expect(existsSync(join(root, path)), path).to.equal(false);
        });
    }

    it("give RabbitMQ the official image's user", async () => {
        const root = await buildRoot("broker", report);
        expect(readFileSync(join(root, "etc/passwd"), "utf8")).to.match(/^rabbitmq:x:999:999:/m);
        const { uid, gid } = statSync(join(root, "var/lib/rabbitmq"));
        expect({ uid, gid }).to.deep.equal({ uid: 999, gid: 999 });
    });

    const expected: Record<ImageKind, { user: string; files: string[] }> = {
        sandbox: { user: "65535:65535", files: ["bin/busybox"] },
        broker: { user: "999:999", files: ["usr/lib/rabbitmq/bin/rabbitmq-server", "usr/bin/sh"] },
        engine: {
            user: "1910:1910",
            files: ["engine/engine.cjs", "engine/THIRD-PARTY-LICENSES.txt", "usr/local/bin/node", "usr/bin/sh"],
        },
    };
    for (const kind of Object.keys(expected) as ImageKind[]) {
        it(`have their user and files (${kind}), and are made only once`, async () => {
            const { name, archive } = await buildImage(kind, report);
            const made = statSync(archive).ino;
            expect(await buildImage(kind, report)).to.deep.equal({ name, archive });
            expect(statSync(archive).ino).to.equal(made);

            const { manifest, configuration } = readArchive(archive);
            expect(manifest.RepoTags).to.deep.equal([name]);
            expect(configuration.config.User).to.equal(expected[kind].user);
            tar("--extract", "--directory", directory, "--file", archive);
            const layers = manifest.Layers.map((layer) => join(directory, layer));
            const digests = layers.map((layer) => createHash("sha256").update(readFileSync(layer)).digest("hex"));
            expect(configuration.rootfs.diff_ids).to.deep.equal(digests.map((digest) => `sha256:${digest}`));
            const files = layers.flatMap((layer) => tar("--list", "--file", layer).toString().split("\n"));
            expect(files).to.include.members(expected[kind].files);
        });
    }
});
