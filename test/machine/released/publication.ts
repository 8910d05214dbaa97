import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { gzipSync } from "node:zlib";
import { bundleRandom } from "../../../local/artifacts/plugins/bundle";
import { cliVersion, pluginVersions } from "../../../local/artifacts/pulumi/versions";
import { buildTool } from "../../../local/artifacts/toolchain/build";

/** Names under which tools and images are published. */
export const hosts = ["get.pulumi.com", "github.com", "api.github.com", "registry-1.docker.io"];

function execute(program: string, ...args: string[]): void {
    const { status, stderr } = spawnSync(program, args, { encoding: "utf8" });
    if (status !== 0) throw new Error(`${program} ${args.join(" ")}: ${stderr}`);
}

function write(path: string, content: string | Buffer): void {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, content);
}

/** Makes an authority that lives as long as the test, `ca.crt`, and a certificate of its for all hosts. */
export function makeCertificates(directory: string): void {
    const file = (name: string) => join(directory, name);
    const key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"];
    const authority = ["-keyout", file("ca.key"), "-out", file("ca.crt"), "-days", "2", "-subj", "/CN=test"];
    execute("openssl", "req", "-x509", ...key, ...authority);
    execute("openssl", "req", ...key, "-keyout", file("server.key"), "-out", file("server.csr"), "-subj", "/CN=server");
    write(file("names"), `subjectAltName=${hosts.map((host) => `DNS:${host}`).join(",")}\n`);
    const signer = ["-CA", file("ca.crt"), "-CAkey", file("ca.key"), "-CAcreateserial", "-days", "2"];
    const request = ["-in", file("server.csr"), "-out", file("server.crt"), "-extfile", file("names")];
    execute("openssl", "x509", "-req", ...signer, ...request);
}

const pack = (archive: string, directory: string) => {
    mkdirSync(dirname(archive), { recursive: true });
    execute("tar", "--create", "--use-compress-program=gzip -1", "--file", archive, "--directory", directory, ".");
};

/** What the official installer is asked for and does, as far as the Automation API uses it. */
const installScript = `#!/bin/sh
set -eu
while [ $# -gt 0 ]; do
    case $1 in
        --install-root) root=$2; shift ;;
        --version) version=$2; shift ;;
    esac
    shift
done
archive=$(mktemp)
curl --fail --silent --show-error --output "$archive" "https://get.pulumi.com/releases/sdk/pulumi-v$version-linux-x64.tar.gz"
mkdir -p "$root/bin"
tar --extract --gzip --file "$archive" --directory "$root/bin" --strip-components=2
rm "$archive"
`;

/** Publishes the CLI with its language host, and the two plugins: the ones that are built here, packed as released ones are. */
export async function publishPulumi(served: string, scratch: string): Promise<void> {
    write(join(served, "get.pulumi.com", "install.sh"), installScript);
    const cli = join(scratch, "cli");
    mkdirSync(join(cli, "pulumi"), { recursive: true });
    for (const name of ["pulumi", "pulumi-language-nodejs"] as const)
        copyFileSync(await buildTool(name, () => undefined), join(cli, "pulumi", name));
    pack(join(served, "get.pulumi.com", "releases", "sdk", `pulumi-v${cliVersion}-linux-x64.tar.gz`), cli);

    const [kubernetes, random] = [join(scratch, "kubernetes"), join(scratch, "random")];
    mkdirSync(kubernetes);
    const provider = "pulumi-resource-kubernetes";
    copyFileSync(await buildTool(provider, () => undefined), join(kubernetes, provider));
    await (await bundleRandom()).write(random);
    write(join(served, "github.com", "pulumi", "index"), "");
    for (const [name, directory] of Object.entries({ kubernetes, random })) {
        const version = pluginVersions[name as keyof typeof pluginVersions];
        const file = `pulumi-resource-${name}-v${version}-linux-amd64.tar.gz`;
        pack(
            join(served, "github.com", "pulumi", `pulumi-${name}`, "releases", "download", `v${version}`, file),
            directory,
        );
    }
}

/** Publishes an image of one layer, as an index for one architecture, which is what registries have today. */
export function publishImage(served: string, name: string, tag: string, layer: Buffer, config: object): void {
    const repository = join(served, "registry-1.docker.io", "v2", name);
    write(join(served, "registry-1.docker.io", "v2", "index"), "{}");
    const digestOf = (content: string | Buffer) => `sha256:${createHash("sha256").update(content).digest("hex")}`;
    const put = (folder: string, content: string | Buffer, mediaType: string) => {
        write(join(repository, folder, digestOf(content)), content);
        return { mediaType, digest: digestOf(content), size: Buffer.byteLength(content) };
    };
    const type = (name: string) => `application/vnd.oci.image.${name}`;
    const platform = { architecture: "amd64", os: "linux" };
    const rootfs = { type: "layers", diff_ids: [digestOf(layer)] };
    const manifest = {
        schemaVersion: 2,
        mediaType: type("manifest.v1+json"),
        config: put("blobs", JSON.stringify({ ...platform, config, rootfs }), type("config.v1+json")),
        layers: [put("blobs", gzipSync(layer, { level: 1 }), type("layer.v1.tar+gzip"))],
    };
    const described = put("manifests", JSON.stringify(manifest), manifest.mediaType);
    const mediaType = type("index.v1+json");
    const index = { schemaVersion: 2, mediaType, manifests: [{ ...described, platform }] };
    write(join(repository, "manifests", tag), JSON.stringify(index));
}

/** The layer of an image of one file, for tests in which nobody runs it. */
export function smallLayer(scratch: string): Buffer {
    const directory = join(scratch, "layer");
    write(join(directory, "file"), "text");
    execute("tar", "--create", "--file", join(scratch, "layer.tar"), "--directory", directory, ".");
    return readFileSync(join(scratch, "layer.tar"));
}
