import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { parseAllDocuments } from "yaml";

interface Manifest {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly namespace?: string };
    readonly data?: object;
}

/** The command, in a process of its own: what runs a program without a cluster can't run it again. */
function run(...args: string[]) {
    const command = ["--import", "tsx", "local/commands/manifests.ts", ...args];
    return spawnSync(process.execPath, command, { encoding: "utf8" });
}

describe("the manifests of a stack", function () {
    this.timeout("30s");

    it("are every object of it, in one namespace, and refer to each other by the names that they have", () => {
        const { status, stdout, stderr } = run("dev");
        expect(status, stderr).to.equal(0);
        const manifests = parseAllDocuments(stdout).map((document) => document.toJS() as Manifest);
        const named = (kind: string) =>
            manifests.filter((one) => one.kind === kind).map(({ metadata }) => metadata.name);
        expect(named("Namespace")).to.deep.equal(["document-sync-dev"]);
        expect(named("Deployment").sort()).to.deep.equal(["engine1", "engine2"]);
        expect(named("StatefulSet")).to.deep.equal(["broker"]);
        const inside = manifests.filter(({ kind }) => kind !== "Namespace" && kind !== "PersistentVolume");
        for (const { kind, metadata } of inside) expect(metadata.namespace, kind).to.equal("document-sync-dev");

        const referred = (pattern: RegExp) => [...stdout.matchAll(pattern)].map(([, name]) => name);
        expect(named("PersistentVolumeClaim")).to.include.members(referred(/claimName: (\S+)/g)).and.not.to.be.empty;
        expect(named("PersistentVolume")).to.include.members(referred(/volumeName: (\S+)/g)).and.not.to.be.empty;
        expect(named("Secret")).to.include.members(referred(/secretName: (\S+)/g)).and.not.to.be.empty;
        expect(named("ConfigMap")).to.include.members(
            referred(/configMap:\n +(?:items:\n(?: +.*\n)+?)? +name: (\S+)/g),
        );
    });

    it("hold nothing that is secret", () => {
        const { stdout } = run("dev");
        const secrets = parseAllDocuments(stdout)
            .map((document) => document.toJS() as Manifest & { stringData?: object })
            .filter(({ kind }) => kind === "Secret");
        expect(secrets).to.have.length.greaterThan(0);
        for (const secret of secrets) expect(secret).not.to.have.any.keys("data", "stringData");
        // Pulumi's own mark of one.
        expect(stdout).not.to.include("4dabf18193072939515e22adb298388d");
    });

    it("are refused for a stack that has no file, and explained where none is named", () => {
        const missing = run("none");
        expect(missing.stderr).to.equal(
            "There is no stack file Pulumi.none.yaml. Pulumi.example.yaml is one to copy.\n",
        );
        expect(missing.status).to.equal(1);
        expect(run().status).to.equal(2);
        expect(run("--help").stdout).to.include("npm run -s manifests -- STACK");
    });

    it("are refused where the program refuses the stack's values", () => {
        const { status, stderr, stdout } = run("example");
        expect(stderr).to.match(/^acceptEula must be true, .*\.\n$/);
        expect(stdout).to.equal("");
        expect(status).to.equal(1);
    });
});
