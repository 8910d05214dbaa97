import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { chmod, readFile, readdir, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { cleanUp, health, spawnWith, startEngine, temporaryDirectory, untilListening } from "./engineProcess";
import { connect, refusal } from "./qixClient";
import { until } from "./until";

const script = "Numbers: Load RecNo() as Number Autogenerate 3;";

describe("documents over QIX", function () {
    this.timeout(30_000);
    afterEach(cleanUp);

    it("are created, opened, changed, reloaded, saved, listed and deleted", async () => {
        const engine = await startEngine(await temporaryDirectory());
        const { global } = await connect(engine);

        const created = await global.createApp("Sales");
        expect(created.qSuccess).to.equal(true);
        const app = await global.openDoc(created.qAppId);
        expect([app.handle, app.id]).to.deep.equal([1, created.qAppId]);
        const before = await app.getAppLayout();
        expect(before).to.include({ qTitle: "Sales", qFileName: created.qAppId, qLastReloadTime: "", qHasData: false });
        expect(await app.getScript()).to.match(/^\/\/\/\$tab Main\r\nSET ThousandSep=',';\r\n/);

        await app.setScript(script);
        expect(await app.doReload()).to.equal(true);
        await app.doSave();

        const after = await app.getAppLayout();
        expect(after.qHasData).to.equal(true);
        expect(after.qModified).to.equal(false);
        expect(Date.parse(after.qLastReloadTime)).to.be.closeTo(Date.now(), 10_000);
        const { qtr } = await app.getTablesAndKeys({}, {}, 0, false, false);
        expect(qtr).to.have.length(1);
        expect(qtr[0]).to.include({ qName: "Numbers", qNoOfRows: 3 });
        const [entry] = await global.getDocList();
        expect(entry).to.include({ qDocId: created.qAppId, qDocName: "Sales", qLastReloadTime: after.qLastReloadTime });
        expect(entry?.qFileTime).to.be.closeTo(Date.now() / 86_400_000 + 25569, 0.001);
        expect(entry?.qMeta).to.deep.equal({});
        const described = await global.getAppEntry(created.qAppId);
        expect(described).to.include({ qID: created.qAppId, qTitle: "Sales", qLastReloadTime: after.qLastReloadTime });
        expect(described.qFileSize).to.equal(entry?.qFileSize);
        expect(described.qFileSize % 1).to.equal(0);
        expect(await refusal(global.getAppEntry(randomUUID()))).to.include({ code: 1003 });

        expect(await global.deleteApp(created.qAppId)).to.equal(true);
        expect(await global.getDocList()).to.deep.equal([]);
        expect(await refusal(global.openDoc(created.qAppId))).to.deep.equal({
            code: 1003,
            parameter: "Could not find app",
            message: "App not found",
        });
    });

    it("are on the volume before CreateApp answers, and outlive kill -9", async () => {
        const directory = await temporaryDirectory();
        const first = await startEngine(directory);
        const id = (await (await connect(first)).global.createApp("Kept")).qAppId;
        await first.kill();

        const { global } = await connect(await startEngine(directory));
        expect((await global.getDocList()).map((entry) => entry.qDocId)).to.deep.equal([id]);
        expect((await (await global.openDoc(id)).getAppLayout()).qTitle).to.equal("Kept");
    });

    it("lose unsaved changes with the last session, as the real engine does", async () => {
        const engine = await startEngine(await temporaryDirectory());
        const first = await connect(engine);
        const id = (await first.global.createApp("A")).qAppId;
        const app = await first.global.openDoc(id);
        await app.setScript("// unsaved");
        const second = await connect(engine);
        const seen = await second.global.openDoc(id);
        expect(await seen.getScript()).to.equal("// unsaved");
        await first.close();
        expect(await seen.getScript()).to.equal("// unsaved");
        await second.close();
        await until("both sessions ended", async () => (await health(engine)).session.active === 0);

        const third = await (await connect(engine)).global.openDoc(id);
        expect(await third.getScript()).to.match(/^\/\/\/\$tab Main/);
    });

    it("push a change to the other sessions that have it open", async () => {
        const engine = await startEngine(await temporaryDirectory());
        const first = await connect(engine);
        const id = (await first.global.createApp("A")).qAppId;
        const app = await first.global.openDoc(id);
        const seen = await (await connect(engine)).global.openDoc(id);
        await seen.getAppLayout();
        let pushes = 0;
        seen.on("changed", () => pushes++);
        await app.setAppProperties({ qTitle: "B" });
        await until("the other session is told", () => pushes === 1);
        expect((await seen.getAppLayout()).qTitle).to.equal("B");
        await app.setAppProperties({ qTitle: { not: "a text" } });
        await app.doSave();
        expect((await first.global.getDocList()).map((entry) => entry.qTitle)).to.deep.equal([""]);
    });

    it("are closed in every session when they are deleted", async () => {
        const engine = await startEngine(await temporaryDirectory());
        const first = await connect(engine);
        const id = (await first.global.createApp("A")).qAppId;
        const own = await first.global.openDoc(id);
        const second = await connect(engine);
        const other = await second.global.openDoc(id);
        const closed: string[] = [];
        own.on("closed", () => closed.push("own"));
        other.on("closed", () => closed.push("other"));
        await first.global.deleteApp(id);
        await until("both are closed", () => closed.length === 2);
        expect(await refusal(second.global.getActiveDoc())).to.deep.equal({
            code: 1007,
            parameter: "No active document",
            message: "App invalid",
        });
    });

    it("are one at a time in a session", async () => {
        const { global } = await connect(await startEngine(await temporaryDirectory()));
        const one = (await global.createApp("One")).qAppId;
        const two = (await global.createApp("Two")).qAppId;
        const app = await global.openDoc(one);
        expect((await global.openDoc(one)).handle).to.equal(app.handle);
        expect(await refusal(global.openDoc(two))).to.include({ code: 1002, message: "App already open" });
    });

    it("refuse a file of Qlik's own engine, and a damaged one, with a sentence", async () => {
        const directory = await temporaryDirectory();
        await writeFile(join(directory, "real.qvf"), "not ours");
        const engine = await startEngine(directory);
        const { global } = await connect(engine);
        expect(await global.getDocList()).to.deep.equal([]);
        const foreign = await refusal(global.openDoc("real.qvf"));
        expect(foreign.code).to.equal(11);
        expect(foreign.parameter).to.match(/real\.qvf is a file of Qlik's own engine/);

        const id = (await global.createApp("Damaged")).qAppId;
        const path = join(directory, id, "0000000001.syncdoc");
        const file = await readFile(path);
        await writeFile(path, file.subarray(0, file.length - 5));
        const damaged = await refusal(global.openDoc(id));
        expect(damaged.code).to.equal(11);
        expect(damaged.parameter).to.match(/is damaged/);
        expect(await readFile(join(directory, "real.qvf"), "utf8")).to.equal("not ours");
    });

    it("give the right codes where the directory can't be written, and stay in memory", async function () {
        if (process.getuid?.() !== 0) {
            // Without root there is no other user to run the engine as; root itself is never refused.
            return this.skip();
        }
        const directory = await temporaryDirectory();
        await chmod(directory, 0o777);
        const nobody = { uid: 65534, gid: 65534 };
        const port = ["DesktopPort=0", "EnablePrometheus=0", "BindAddress=127.0.0.1"];
        const flags = ["AcceptEULA=yes", ...port, `DocumentDirectory=${directory}`];
        const args = flags.flatMap((flag) => ["-S", flag]);
        const { global } = await connect(await untilListening(spawnWith(args, nobody)));
        const id = (await global.createApp("A")).qAppId;
        const app = await global.openDoc(id);
        await app.setScript("// mine");
        await chmod(directory, 0o555);
        await chmod(join(directory, id), 0o555);

        expect(await refusal(global.createApp("B"))).to.include({ code: 1006, message: "Create failed" });
        expect(await refusal(app.doSave())).to.include({ code: 1005, message: "Save failed" });
        expect(await app.getScript()).to.equal("// mine");
        expect((await app.getAppLayout()).qModified).to.equal(true);

        await chmod(join(directory, id), 0o777);
        await app.doSave();
        expect(await readdir(join(directory, id))).to.deep.equal(["0000000001.syncdoc", "0000000002.syncdoc"]);
    });

    it("are refused on a full disk with its code, and can be saved when there is room", async function () {
        const directory = await temporaryDirectory();
        const mount = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k,mode=777", "tmpfs", directory]);
        if (mount.status !== 0) {
            // A volume this small can only be made by root, where mounts are allowed.
            return this.skip();
        }
        try {
            const { global } = await connect(await startEngine(directory));
            const app = await global.openDoc((await global.createApp("A")).qAppId);
            const script = `// ${"x".repeat(20_000)}`;
            await app.setScript(script);
            await writeFile(join(directory, "filler"), Buffer.alloc(60_000));

            expect(await refusal(app.doSave())).to.include({ code: 9008, message: "Disk full" });
            expect(await refusal(global.createApp("B"))).to.include({ code: 9008 });
            expect(await app.getScript()).to.equal(script);
            expect(await readdir(join(directory, app.id))).to.deep.equal(["0000000001.syncdoc"]);
            await rm(join(directory, "filler"));
            await app.doSave();
            expect(
                await (await (await connect(await startEngine(directory))).global.openDoc(app.id)).getScript(),
            ).to.equal(script);
        } finally {
            // Lazily, because the engines that use it are ended after the test.
            spawnSync("umount", ["--lazy", directory]);
        }
    });

    it("of two engines that save from the same version, one is refused and keeps its changes", async () => {
        const directory = await temporaryDirectory();
        const engines = [await startEngine(directory), await startEngine(directory)] as const;
        const { global } = await connect(engines[0]);
        const id = (await global.createApp("Contended")).qAppId;
        const apps = [await global.openDoc(id), await (await connect(engines[1])).global.openDoc(id)];
        await Promise.all(apps.map((app, index) => app.setScript(`// engine ${index}`)));
        const outcomes = await Promise.allSettled(apps.map((app) => app.doSave()));

        const loser = outcomes.findIndex((outcome) => outcome.status === "rejected");
        const winner = outcomes.findIndex((outcome) => outcome.status === "fulfilled");
        expect([loser, winner].sort()).to.deep.equal([0, 1]);
        const refused = await refusal(apps[loser]!.doSave());
        expect(refused).to.include({ code: 1005, message: "Save failed" });
        expect(refused.parameter).to.match(/was saved by another engine after version 1/);
        expect(await apps[loser]!.getScript()).to.equal(`// engine ${loser}`);
        const fresh = await (await connect(await startEngine(directory))).global.openDoc(id);
        expect(await fresh.getScript()).to.equal(`// engine ${winner}`);
    });

    it("opened anew are read from the volume, whatever another engine has done to them since", async () => {
        const directory = await temporaryDirectory();
        const first = await connect(await startEngine(directory));
        const other = await startEngine(directory);
        const id = (await first.global.createApp("A")).qAppId;
        const app = await first.global.openDoc(id);
        await app.setScript("// saved by the first");
        await app.doSave();

        const second = await connect(other);
        expect(await second.global.getDocList()).to.deep.equal([]);
        const seen = await second.global.openDoc(id);
        expect(await seen.getScript()).to.equal("// saved by the first");
        expect(await seen.getAppLayout()).to.deep.equal(await app.getAppLayout());
    });

    it("are not found by an id that is none, and no path leads out of the directory", async () => {
        const { global } = await connect(await startEngine(await temporaryDirectory()));
        for (const id of [randomUUID(), "", "../../etc", "a/b"]) {
            expect((await refusal(global.openDoc(id))).code, id).to.equal(1003);
            expect((await refusal(global.deleteApp(id))).code, id).to.equal(1003);
        }
    });
});
