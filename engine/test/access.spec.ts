import { mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { type EngineProcess, cleanUp, health, startEngine, temporaryDirectory } from "./engineProcess";
import { connect, refusal } from "./qixClient";
import { until } from "./until";

const everything = ["node", "App", "App.Object"]
    .map((type) => `resource.resourcetype = "${type}" and resource.actions="*"`)
    .join("\n");
const denied = (toDoWhat: string) => ({
    code: 5,
    parameter: `Access denied to ${toDoWhat}`,
    message: "Access denied",
});

describe("access by rules", function () {
    this.timeout(60_000);
    let documents: string;
    let allow: string;

    beforeEach(async () => {
        documents = await temporaryDirectory();
        allow = join(await temporaryDirectory(), "rules.txt");
    });
    afterEach(cleanUp);

    const startWith = async (rules: string, ...flags: string[]): Promise<EngineProcess> => {
        await writeFile(allow, rules);
        return startEngine(documents, "EnableABAC=1", "Gen3=1", `SystemAllowRulePath=${allow}`, ...flags);
    };
    async function createApp(): Promise<string> {
        const engine = await startEngine(documents);
        const { global } = await connect(engine);
        const { qAppId } = await global.createApp("Ruled");
        await engine.stop();
        return qAppId;
    }

    it("allows nothing without rules", async () => {
        const id = await createApp();
        const { global } = await connect(await startEngine(documents, "EnableABAC=1"));
        expect(await refusal(global.createApp("B"))).to.deep.equal(denied("create app"));
        expect(await refusal(global.openDoc(id))).to.deep.equal(denied("open app"));
        expect(await refusal(global.deleteApp(id))).to.deep.equal(denied("delete app"));
        expect(await global.getDocList()).to.deep.equal([]);
        expect(await global.allowCreateApp()).to.equal(false);
    });

    it("allows nothing while a rules file is missing, and takes it when it comes", async () => {
        const engine = await startEngine(documents, "EnableABAC=1", `SystemAllowRulePath=${allow}`);
        expect(await refusal((await connect(engine)).global.createApp("A"))).to.include({ code: 5 });
        expect((await health(engine)).sync.rules)
            .to.have.property("error")
            .that.includes(allow);
        await writeFile(allow, everything);
        await until("the rules are in use", async () => (await connect(engine)).global.allowCreateApp());
        expect((await health(engine)).sync.rules).to.have.property("error", null);
    });

    it("allows everything under the rules of the second seed", async () => {
        const { global } = await connect(await startWith(everything));
        const app = await global.openDoc((await global.createApp("A")).qAppId);
        await app.setScript("T: Load RecNo() as N Autogenerate 1;");
        expect(await app.doReload()).to.equal(true);
        await app.doSave();
        expect(await global.deleteApp(app.id)).to.equal(true);
    });

    it("lets a reader read, and no more", async () => {
        const id = await createApp();
        const { global } = await connect(await startWith('resource._actions = {"read"}'));
        const app = await global.openDoc(id);
        expect((await app.getAppLayout()).qTitle).to.equal("Ruled");
        expect(await refusal(app.setScript("// mine"))).to.deep.equal(denied("set script"));
        expect(await refusal(app.doReload())).to.include({ code: 5, message: "Access denied" });
        expect(await refusal(app.doSave())).to.include({ code: 5, message: "Access denied" });
        expect(await refusal(app.getScript())).to.include({ code: 5, message: "Access denied" });
        expect(await refusal(global.cancelReload())).to.deep.equal(denied("cancel reload"));
        expect(await refusal(global.configureReload(true, true, false))).to.deep.equal(denied("configure reload"));
        expect(await refusal(app.checkScriptSyntax())).to.include({ code: 5 });
        expect(await refusal(app.setFetchLimit(1))).to.include({ code: 5 });
        expect(await refusal(app.getEmptyScript())).to.include({ code: 5 });
        expect(await refusal(app.setAppProperties({}))).to.include({ code: 5 });
        expect(await refusal(global.deleteApp(id))).to.include({ code: 5 });
        expect(await refusal(global.createApp("B"))).to.include({ code: 5 });
        expect((await global.getDocList()).map((entry) => entry.qDocId)).to.deep.equal([id]);
    });

    it("needs the right to create variables for a script that makes new ones", async () => {
        const id = await createApp();
        const app = await (
            await connect(await startWith('resource._resourcetype = "App" and resource._actions = "*"'))
        ).global.openDoc(id);
        await app.setScript("T: Load 1 as One Autogenerate 1;");
        expect(await app.doReload()).to.equal(true);
        await app.setScript("SET a = 1;");
        expect(await refusal(app.doReload())).to.deep.equal(denied("create variable"));
        await app.setScript("SET constructor = 1;");
        expect(await refusal(app.doReload())).to.deep.equal(denied("create variable"));
    });

    it("knows of a variable which document it is part of", async () => {
        const variables = 'resource._resourcetype = "App.Object" and resource._actions = "create"';
        const deny = join(await temporaryDirectory(), "deny.txt");
        await writeFile(deny, `resource.app.name = "Ruled" and ${variables}`);
        const apps = 'resource._resourcetype = "App" and resource._actions = "*"';
        const rules = `${apps}\nresource.app.HasPrivilege("update") and ${variables}`;
        const engine = await startWith(rules, `SystemDenyRulePath=${deny}`);
        const reload = async (name: string) => {
            const { global } = await connect(engine);
            const app = await global.openDoc((await global.createApp(name)).qAppId);
            await app.setScript("SET a = 1;");
            return app.doReload();
        };
        expect(await refusal(reload("Ruled"))).to.deep.equal(denied("create variable"));
        expect(await reload("Other")).to.equal(true);
    });

    it("denies what the deny file denies", async () => {
        const id = await createApp();
        const deny = join(await temporaryDirectory(), "deny.txt");
        await writeFile(deny, 'resource._resourcetype = "App" and resource._actions = {"delete"}');
        const { global } = await connect(await startWith(everything, `SystemDenyRulePath=${deny}`));
        await global.openDoc(id);
        expect(await refusal(global.deleteApp(id))).to.deep.equal(denied("delete app"));
    });

    it("asks again for the right to read when a document is opened that the session has open already", async () => {
        const id = await createApp();
        const deny = join(await temporaryDirectory(), "deny.txt");
        await writeFile(deny, "");
        const { global } = await connect(await startWith(everything, `SystemDenyRulePath=${deny}`));
        await global.openDoc(id);
        await global.openDoc(id);
        await writeFile(deny, 'resource._resourcetype = "App" and resource._actions = "read"');
        await until("the open session is refused", async () => refused(global.openDoc(id)), 4);
        expect(await refusal(global.openDoc(id))).to.deep.equal(denied("open app"));
        await writeFile(deny, "");
        await until(
            "a deny rule that came since and is gone holds no more",
            async () => !(await refused(global.openDoc(id))),
            4,
        );
    });

    for (const action of ["reload", "read"]) {
        it(`gives nobody without the right to ${action} the words of a reload, and keeps them for who has it`, async () => {
            const id = await createApp();
            const deny = join(await temporaryDirectory(), "deny.txt");
            await writeFile(deny, "");
            const engine = await startWith(everything, `SystemDenyRulePath=${deny}`);
            const other = await connect(engine);
            const document = await other.global.openDoc(id);
            await other.global.configureReload(true, true, false);
            await document.setScript("T: Load RecNo() as Salary Autogenerate 5; Load Nothing Resident Nowhere;");
            expect(await document.doReload()).to.equal(false);
            await writeFile(deny, `resource._resourcetype = "App" and resource._actions = "${action}"`);
            const attempt = () => (action === "read" ? document.getAppLayout() : document.doReload());
            await until("the session is refused", async () => refused(attempt()), 4);
            const denied = await other.global.getProgress(0);
            expect(denied).to.include({ qFinished: true }).and.not.to.have.property("qPersistentProgress");
            expect(denied.qErrorData).to.deep.equal([]);

            // The session that was denied keeps the document in memory, and the deny rule's removal is for new ones.
            await writeFile(deny, "");
            await until("a new session has the words", async () => {
                const { global, close } = await connect(engine);
                const opened = await global.openDoc(id).then(
                    () => true,
                    () => false,
                );
                const progress = opened ? await global.getProgress(0) : undefined;
                await close();
                return /Nowhere/.test(progress?.qPersistentProgress ?? "") && progress?.qErrorData.length === 1;
            });
        });
    }

    it("says in its log which deny rules don't hold for those who lack an attribute, at the start and later", async () => {
        const deny = join(await temporaryDirectory(), "deny.txt");
        const rest = 'resource._resourcetype = "App" and resource._actions = "update"';
        await writeFile(deny, `# guests\n${rest} and user.group = "guest"\n!(user.group = "staff") and ${rest}`);
        const engine = await startWith(everything, `SystemDenyRulePath=${deny}`);
        const warnings = () =>
            engine.log.filter(({ logseverity, message }) => logseverity === "WARN" && message.startsWith(deny));
        expect(warnings().map(({ message }) => message)).to.deep.equal([
            `${deny}:2:${rest.length + 6}: This deny rule is off for whoever has no user.group. ` +
                'Say whom it spares, as in !(user.group = "…"), or add those without, as in (… or user.group.Empty()).',
        ]);
        await writeFile(deny, `${rest.replace("_actions", "_action")}`);
        await until("the engine warns", () =>
            warnings()[1]?.message.startsWith(`${deny}:1:1: This rule names no actions`),
        );
    });

    for (const [dialect, attribute] of [
        ["the older", ""],
        ["the newer", "_"],
    ] as const) {
        const rule = (type: string, actions: string) =>
            `resource.${attribute}resourcetype = "${type}" and resource.${attribute}actions = ${actions}`;

        it(`refuses by ${dialect} dialect's deny rules for the engine itself what they name`, async () => {
            const id = await createApp();
            const deny = join(await temporaryDirectory(), "deny.txt");
            const startDenying = async (actions: string) => {
                await writeFile(deny, rule("node", actions));
                return connect(await startWith(everything, `SystemDenyRulePath=${deny}`));
            };
            const reader = (await startDenying('{"create", "delete", "reload"}')).global;
            expect(await reader.getDocList()).to.have.length(1);
            expect(await reader.getAppEntry(id)).to.include({ qID: id });
            expect(await reader.allowCreateApp()).to.equal(false);
            expect(await refusal(reader.createApp("B"))).to.deep.equal(denied("create app"));
            expect(await refusal(reader.deleteApp(id))).to.deep.equal(denied("delete app"));
            expect(await refusal(reader.cancelReload())).to.deep.equal(denied("cancel reload"));
            expect(await refusal(reader.configureReload(true, true, false))).to.deep.equal(denied("configure reload"));

            const { global } = await startDenying('"read"');
            expect(await refusal(global.getDocList())).to.deep.equal(denied("get doc list"));
            expect(await refusal(global.getAppEntry(id))).to.deep.equal(denied("get app entry"));
            expect(await global.allowCreateApp()).to.equal(true);
            expect((await (await global.openDoc(id)).getAppLayout()).qTitle, "a document is App").to.equal("Ruled");
        });

        // It reached no open session, for as long as that lasted.
        it(`holds a new deny rule of ${dialect} dialect against open sessions within 2 s, without a broker`, async () => {
            const deny = join(await temporaryDirectory(), "deny.txt");
            await writeFile(deny, "");
            const engine = await startWith(rule("App", '{"create", "read", "update"}'), `SystemDenyRulePath=${deny}`);
            const { global } = await connect(engine);
            const app = await global.openDoc((await global.createApp("Open")).qAppId);
            await app.setScript("// before");

            await writeFile(deny, rule("App", '"update"'));
            // At most 0.96 s in 25 changes, measured; a busy machine may take more.
            await until("the open session is refused", async () => refused(app.setScript("// after")), 4);
            expect(await refusal(app.setScript("// after"))).to.deep.equal(denied("set script"));
            expect(await refusal(app.doSave())).to.deep.equal(denied("save app"));
            expect((await app.getAppLayout()).qTitle).to.equal("Open");
            await writeFile(deny, `${rule("App", '"update"')}\n${rule("node", '"*"')}`);
            await until("the engine itself is denied", async () => refused(global.getDocList()), 4);
        });

        it(`gives what new rules of ${dialect} dialect allow to sessions that begin after it`, async () => {
            const deny = join(await temporaryDirectory(), "deny.txt");
            await writeFile(deny, rule("App", '"delete"'));
            const engine = await startWith(rule("App", '{"read", "delete"}'), `SystemDenyRulePath=${deny}`);
            const id = await createApp();
            const before = await connect(engine);
            await writeFile(allow, rule("App", '"*"'));
            await until("new sessions may create", async () => (await connect(engine)).global.allowCreateApp());
            expect(await before.global.allowCreateApp()).to.equal(false);

            await writeFile(deny, "");
            await until(
                "the deny rule is gone",
                () => engine.log.filter(({ message }) => /^New rules/.test(message))[1],
            );
            expect(await refusal(before.global.deleteApp(id))).to.deep.equal(denied("delete app"));
            expect(await (await connect(engine)).global.createApp("After")).to.include({ qSuccess: true });
        });
    }

    it("takes new rules for new sessions without a restart, exchanged as Kubernetes does, and keeps good ones", async () => {
        const volume = await temporaryDirectory();
        const exchange = async (name: string, rules: string) => {
            await mkdir(join(volume, name));
            await writeFile(join(volume, name, "rules.txt"), rules);
            await symlink(name, join(volume, "..data_tmp"));
            await rename(join(volume, "..data_tmp"), join(volume, "..data"));
        };
        await exchange("..1", everything);
        await symlink("..data/rules.txt", join(volume, "rules.txt"));
        const path = join(volume, "rules.txt");
        const engine = await startEngine(documents, "EnableABAC=1", `SystemAllowRulePath=${path}`);
        const before = await connect(engine);
        expect(await before.global.allowCreateApp()).to.equal(true);

        await exchange("..2", 'resource._actions = {"read"}');
        const mayCreate = async () => {
            const { global, close } = await connect(engine);
            const answer = await global.allowCreateApp();
            await close();
            return answer;
        };
        await until("new sessions may not create", async () => !(await mayCreate()));
        expect(await before.global.allowCreateApp(), "a session keeps what it was allowed").to.equal(true);

        await exchange("..3", "resource._actions = (");
        const complained = () => engine.log.some((line) => line.logseverity === "ERROR" && line.message.includes(path));
        await until("the engine complains", complained);
        expect((await health(engine)).sync.rules)
            .to.have.property("error")
            .that.includes(path);
        expect(await mayCreate()).to.equal(false);
        await exchange("..4", everything);
        await until("good rules are taken again", mayCreate);
    });
});

/** Whether a call is refused for want of a right. */
async function refused(call: Promise<unknown>): Promise<boolean> {
    return call.then(
        () => false,
        (error: { code?: number }) => error.code === 5,
    );
}
