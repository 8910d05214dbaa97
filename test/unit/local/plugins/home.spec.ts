import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pluginDirectory, putPlugin } from "../../../../local/artifacts/pulumi/home";
import { pluginVersions } from "../../../../local/artifacts/pulumi/versions";
import { bundleRandom } from "../../../../local/artifacts/plugins/bundle";
import { projectDirectory } from "../../../../local/machine/paths";
import { Caller } from "./caller";

describe("the plugins in a PULUMI_HOME", () => {
    let home: string;
    beforeEach(() => (home = mkdtempSync(join(tmpdir(), "document-sync-home-"))));
    afterEach(() => rmSync(home, { recursive: true }));

    /** Puts one there whose only file holds a text, and counts how often it was written. */
    let written = 0;
    const put = (origin: string, text: string) =>
        putPlugin(home, "kubernetes", origin, async (directory) => {
            written++;
            await writeFile(join(directory, "program"), text);
        });
    const present = () => readFileSync(join(pluginDirectory(home, "kubernetes"), "program"), "utf8");

    it("lie under their versions, with nothing beside them", async () => {
        await put("released", "a");
        await putPlugin(home, "random", "own", () => Promise.resolve());
        const { kubernetes, random } = pluginVersions;
        const names = [`resource-kubernetes-v${kubernetes}`, `resource-random-v${random}`];
        expect(readdirSync(join(home, "plugins"))).to.have.members(names);
        expect(readdirSync(home)).to.deep.equal(["plugins"]);
    });

    it("are left where they are of the origin that is asked for", async () => {
        await put("released", "a");
        written = 0;
        await put("released", "b");
        expect([written, present()]).to.deep.equal([0, "a"]);
    });

    it("give way to one of another origin, with all of their files", async () => {
        for (const [origin, text] of [
            ["released", "a"],
            ["built-1", "b"],
            ["released", "c"],
        ]) {
            await put(origin, text);
            writeFileSync(join(pluginDirectory(home, "kubernetes"), `of ${text}`), "");
            expect(present()).to.equal(text);
        }
        const files = readdirSync(pluginDirectory(home, "kubernetes"));
        expect(files).to.have.members(["program", "document-sync-origin", "of c"]);
        expect(readdirSync(home)).to.deep.equal(["plugins"]);
    });

    it("take the place of one that says no origin", async () => {
        const directory = pluginDirectory(home, "kubernetes");
        mkdirSync(directory, { recursive: true });
        writeFileSync(join(directory, "program"), "older");
        await put("released", "a");
        expect(present()).to.equal("a");
    });

    it("stay as they are if another one can't be made", async () => {
        await put("released", "a");
        const failed = await putPlugin(home, "kubernetes", "built", async (directory) => {
            await writeFile(join(directory, "program"), "half");
            throw new Error("the disk is full");
        }).catch(String);
        expect(failed).to.contain("the disk is full");
        expect(present()).to.equal("a");
        expect(readdirSync(home)).to.deep.equal(["plugins"]);
    });

    it("are whole or absent if the process is killed on the way", async () => {
        await put("released", "a");
        const script = `
            const { writeFile } = require("node:fs/promises");
            const { putPlugin } = require(${JSON.stringify(join(projectDirectory, "local/artifacts/pulumi/home.ts"))});
            void putPlugin(process.argv[1], "kubernetes", "built", async (directory) => {
                await writeFile(directory + "/program", "half");
                process.kill(process.pid, "SIGKILL");
            });`;
        const child = spawn(process.execPath, ["--import", "tsx", "-e", script, home], { stdio: "inherit" });
        expect(await once(child, "exit")).to.deep.equal([null, "SIGKILL"]);
        const [left] = readdirSync(home).filter((name) => name !== "plugins");
        expect(readFileSync(join(home, left, "program"), "utf8")).to.equal("half");
        expect(present()).to.equal("a");
        await put("built", "b");
        expect(present()).to.equal("b");
    });
});

describe("the bundle of the local random plugin", () => {
    it("prints its port first, and answers there, also far from this clone", async function () {
        this.timeout(60_000);
        const directory = mkdtempSync(join(tmpdir(), "document-sync-bundle-"));
        const { write } = await bundleRandom();
        await write(directory);
        // Started elsewhere, so that it cannot live on this clone's modules.
        const executable = join(directory, "pulumi-resource-random");
        const plugin = spawn(executable, ["127.0.0.1:1"], { cwd: tmpdir(), stdio: ["ignore", "pipe", "inherit"] });
        const exit = once(plugin, "exit");
        try {
            const [first] = (await once(plugin.stdout, "data")) as [Buffer];
            expect(first.toString()).to.match(/^\d+\n$/);
            const caller = new Caller(Number(first.toString()));
            expect(await caller.call("GetPluginInfo", {})).to.deep.equal({ version: pluginVersions.random });
            caller.close();
        } finally {
            plugin.kill();
            await exit;
            rmSync(directory, { recursive: true });
        }
    });

    it("has a hash that stays while it does", async () => {
        const [first, second] = [await bundleRandom(), await bundleRandom()];
        expect(first.hash).to.equal(second.hash);
    });
});
