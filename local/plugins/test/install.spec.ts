import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installPlugins } from "../install";
import { Caller } from "./recorded";

describe("installPlugins", () => {
    let home: string;
    before(async function () {
        this.timeout(60_000);
        home = await mkdtemp(join(tmpdir(), "plugins-"));
        await installPlugins(home);
        // As a second clone would, over the first one's.
        await installPlugins(home);
    });
    after(() => rm(home, { recursive: true }));

    it("leaves each plugin under its version, with nothing beside it", async () => {
        const directories = await readdir(join(home, "plugins"));
        expect(directories).to.have.members(["resource-kubernetes-v4.32.0", "resource-random-v4.21.1"]);
        for (const directory of directories) {
            const name = directory.split("-")[1];
            const files = await readdir(join(home, "plugins", directory));
            expect(files).to.have.members(["plugin.cjs", `pulumi-resource-${name}`]);
        }
    });

    for (const [name, version] of [
        ["kubernetes", "4.32.0"],
        ["random", "4.21.1"],
    ] as const) {
        it(`${name} prints its port first, and answers there`, async function () {
            this.timeout(20_000);
            const executable = join(home, "plugins", `resource-${name}-v${version}`, `pulumi-resource-${name}`);
            // Started elsewhere, so that it cannot live on this clone's modules.
            const plugin = spawn(executable, ["127.0.0.1:1"], { cwd: tmpdir(), stdio: ["ignore", "pipe", "inherit"] });
            const exit = once(plugin, "exit");
            try {
                const [first] = (await once(plugin.stdout, "data")) as [Buffer];
                expect(first.toString()).to.match(/^\d+\n$/);
                const caller = new Caller(Number(first.toString()));
                expect(await caller.call("GetPluginInfo", {})).to.deep.equal({ version });
                caller.close();
            } finally {
                plugin.kill();
                await exit;
            }
        });
    }
});
