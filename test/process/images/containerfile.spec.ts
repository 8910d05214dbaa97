import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { debianPackages, installPackages } from "../../../local/machine/packages";
import { projectDirectory } from "../../../local/machine/paths";
import { packLayer, writeArchive } from "../../../local/artifacts/images/archive";
import { buildRoot } from "../../../local/artifacts/images/rootFileSystem";

const report = (line: string) => process.stderr.write(`${line}\n`);

/** Of the OCI image configuration. */
interface Config {
    readonly User: string;
    readonly Entrypoint: readonly string[];
    readonly Cmd?: readonly string[];
    readonly ExposedPorts: object;
    readonly Labels: Readonly<Record<string, string>>;
}

describe("engine/Containerfile", function () {
    this.timeout(300_000);

    const directory = mkdtempSync(join(tmpdir(), "containerfile-test-"));
    const base = "localhost/node:test";
    const image = "localhost/engine:test";
    const storage = ["--storage-driver=vfs", `--root=${directory}/root`, `--runroot=${directory}/run`];
    let config: Config;

    /** Runs a program where no network is to be reached, and where /var/lib, of which buildah writes in a cache, is not the machine's. */
    function apart(command: readonly string[], env: NodeJS.ProcessEnv = {}) {
        const enter = ["--net", "--mount", "sh", "-c", 'mount -t tmpfs tmpfs /var/lib && exec "$@"', "sh"];
        const { status, stdout, stderr, error } = spawnSync("unshare", [...enter, ...command], {
            cwd: projectDirectory,
            encoding: "utf8",
            env: { ...process.env, TMPDIR: directory, ...env },
        });
        if (error) throw error;
        return { status, stdout, output: `${stdout}${stderr}` };
    }

    function buildah(...args: string[]): string {
        const { status, stdout, output } = apart(["buildah", ...storage, ...args]);
        expect(status, `buildah ${args.join(" ")}: ${output}`).to.equal(0);
        return stdout.trim();
    }

    const build = (from: string | undefined) =>
        apart(["npm", "run", "--silent", "engine:image"], {
            CONTAINER_ENGINE: ["buildah", ...storage].join(" "),
            ENGINE_IMAGE: image,
            BASE: from,
        });

    before("build the image by the script, on the local platform's own root file system", async () => {
        await installPackages(debianPackages.tests, report);
        const layer = join(directory, "layer.tar");
        const archive = join(directory, "base.tar");
        await packLayer(await buildRoot("node", report), layer);
        // As Docker's official image, which starts node where nothing else is said.
        await writeArchive(archive, base, [layer], {
            User: "0:0",
            Env: ["PATH=/usr/local/bin:/usr/bin:/bin"],
            Cmd: ["node"],
        });
        rmSync(layer);
        buildah("pull", "--quiet", `docker-archive:${archive}`);
        rmSync(archive);
        const { status, output } = build(base);
        expect(status, output).to.equal(0);
        const described = JSON.parse(buildah("inspect", "--type", "image", image)) as { OCIv1: { config: Config } };
        config = described.OCIv1.config;
    });

    after(() => rmSync(directory, { recursive: true, force: true }));

    it("makes an image that starts the engine as a user who is not root, by number, and nothing of the base's", () => {
        expect(config).to.deep.include({
            User: "1910:1910",
            Entrypoint: ["node", "/engine/engine.cjs"],
            ExposedPorts: { "9076/tcp": {}, "9090/tcp": {} },
        });
        expect(config.Cmd ?? []).to.deep.equal([]);
        expect(config.Labels).to.include({ "org.opencontainers.image.licenses": "MIT" });
    });

    it("stands on the official Node.js image, where no other is named", () => {
        const { status, output } = build(undefined);
        expect(status).not.to.equal(0);
        expect(output).to.match(/Trying to pull docker\.io\/library\/node:[\d.]+-\w+-slim/);
    });

    describe("in a container", () => {
        let container: string;
        before(() => (container = buildah("from", "--pull-never", image)));

        const run = (...command: string[]) =>
            apart(["buildah", ...storage, "run", "--isolation", "chroot", container, "--", ...command]);

        it("has that user, who can read the engine and not change it", () => {
            expect(run("id", "-u").stdout.trim()).to.equal("1910");
            expect(run("sh", "-c", "test -r /engine/engine.cjs && test ! -w /engine/engine.cjs").status).to.equal(0);
        });

        it("has the licences of what is in the engine beside it", () => {
            const { stdout } = run("cat", "/engine/THIRD-PARTY-LICENSES.txt");
            for (const name of ["pino", "rabbitmq-client", "ws"])
                expect(stdout).to.match(new RegExp(`^${name} [\\d.]+ `, "m"));
        });

        it("answers --help", () => {
            const { status, output } = run(...config.Entrypoint, "--help");
            expect(status, output).to.equal(0);
            expect(output).to.include("DocumentDirectory");
        });

        it("refuses to start where the EULA is not accepted", () => {
            const { status, output } = run(...config.Entrypoint);
            expect(status, output).to.equal(1);
            expect(output).to.include("The EULA is not accepted");
        });
    });
});
