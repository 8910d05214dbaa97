import { expect } from "chai";
import { type EngineProcess, cleanUp, startEngine, temporaryDirectory } from "./engineProcess";
import { type ClientSession, type DocApi, connect, refusal } from "./qixClient";
import { until } from "./until";

const long = "Long: Load RecNo() as N, Rand() as R Autogenerate 3000000;";

describe("reloads over QIX", function () {
    this.timeout(60_000);
    let engine: EngineProcess;
    let session: ClientSession;
    let app: DocApi;

    async function startWith(script: string): Promise<void> {
        engine = await startEngine(await temporaryDirectory());
        session = await connect(engine);
        app = await session.global.openDoc((await session.global.createApp("Reloaded")).qAppId);
        await app.setScript(script);
    }
    const rows = async () => {
        const { qtr } = await app.getTablesAndKeys({}, {}, 0, false, false);
        return Object.fromEntries(qtr.map((table) => [table.qName, table.qNoOfRows]));
    };
    afterEach(cleanUp);

    it("of the new document's own script succeed without data", async () => {
        await startWith("// nothing");
        await app.setScript(await app.getEmptyScript());
        expect(await app.doReload()).to.equal(true);
        expect((await app.getAppLayout()).qHasData).to.equal(false);
    });

    it("tell their progress once, each line ended", async () => {
        await startWith("TableA: Load RecNo() as N Autogenerate 5;");
        expect(await app.doReload()).to.equal(true);
        const progress = await session.global.getProgress(0);
        expect(progress.qPersistentProgress).to.match(/^TableA <<.* 5 Lines fetched\n$/);
        expect(progress.qErrorData).to.deep.equal([]);
        expect(await session.global.getProgress(0)).not.to.have.property("qPersistentProgress");
    });

    it("answer GetProgress, refuse a second reload, and are cancelled, while they run", async () => {
        await startWith("Short: Load RecNo() as N Autogenerate 2;");
        await app.doReload();
        const before = (await app.getAppLayout()).qLastReloadTime;
        await app.setScript(long);
        const reload = app.doReload();
        const running = async () => !(await session.global.getProgress(-1)).qFinished;
        await until("the reload is seen running", running);
        const second = await connect(engine);
        const same = await second.global.openDoc(app.id);
        expect(await refusal(same.doReload())).to.include({ code: 11000 });
        await session.global.cancelReload();
        expect(await reload).to.equal(false);
        expect(await rows()).to.deep.equal({ Short: 2 });
        expect((await app.getAppLayout()).qLastReloadTime).to.equal(before);
    });

    it("that fail give false, say why, and leave data and time as they were", async () => {
        await startWith("Good: Load RecNo() as N Autogenerate 2;");
        await app.doReload();
        const { qLastReloadTime } = await app.getAppLayout();
        await app.setScript("Good: Load NoSuchField Resident Nowhere;");
        await session.global.getProgress(0);
        expect(await app.doReload()).to.equal(false);
        const plain = await session.global.getProgress(0);
        expect(plain.qPersistentProgress).to.match(/The following error occurred:\n/);
        expect(plain.qErrorData).to.deep.equal([]);
        await session.global.configureReload(true, true, false);
        expect(await app.doReload()).to.equal(false);
        const [error] = (await session.global.getProgress(0)).qErrorData;
        expect(error).to.include({ qErrorDataCode: "EDC_ERROR" });
        expect(error?.qErrorString).to.be.a("string").that.is.not.equal("");
        expect(await rows()).to.deep.equal({ Good: 2 });
        expect((await app.getAppLayout()).qLastReloadTime).to.equal(qLastReloadTime);
    });

    it("load no more rows than the fetch limit, in debug mode only", async () => {
        await startWith("T: Load RecNo() as N Autogenerate 5;");
        await app.setFetchLimit(3);
        await app.doReload(0, false, true);
        expect(await rows()).to.deep.equal({ T: 3 });
        await app.doReload(0, false, false);
        expect(await rows()).to.deep.equal({ T: 5 });
    });

    it("tie tables by the fields that they share", async () => {
        await startWith(
            "A: Load RecNo() as Key, Chr(64+RecNo()) as Letter Autogenerate 3; B: Load RecNo() as Key, 1 as One Autogenerate 2;",
        );
        await app.doReload();
        const { qtr, qk } = await app.getTablesAndKeys({}, {}, 0, false, false);
        expect(qk).to.deep.equal([{ qKeyFields: ["Key"], qTables: ["A", "B"] }]);
        expect(qtr[0]?.qFields.map((field) => [field.qName, field.qTags])).to.deep.equal([
            ["Key", ["$key", "$numeric", "$integer"]],
            ["Letter", ["$ascii", "$text"]],
        ]);
    });

    it("are not needed to find what is wrong with a script", async () => {
        await startWith("///$tab Main\nSET a=1;\n///$tab Second\nA: Load 1 as One Autogenerate 1;\nNonsense here;\n");
        const errors = await app.checkScriptSyntax();
        expect(errors).to.have.length(1);
        expect(errors[0]).to.include({ qTabIx: 1, qLineInTab: 2 });
        await app.setScript("A: Load 1 as One Autogenerate 1;");
        expect(await app.checkScriptSyntax()).to.deep.equal([]);
    });
});
