import { createHash, randomUUID } from "node:crypto";
import { link, mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { bundled } from "./bundle";
import {
    type EngineProcess,
    cleanUp,
    engineSource,
    health,
    spawnNode,
    startEngine,
    temporaryDirectory,
    untilListening,
} from "./engineProcess";
import { type ClientSession, type DocApi, connect, refusal } from "./qixClient";
import { until } from "./until";

/** Milliseconds that another session waits for an answer at most: each took from seconds to for ever, or ended the process. */
const longestWait = 1_000;

/** Asks in a loop as another session, and takes the longest that an answer took, in milliseconds. */
async function bystander({ global }: ClientSession): Promise<() => Promise<number>> {
    await global.engineVersion();
    let longest = 0;
    let isOver = false;
    const asking = (async () => {
        while (!isOver) {
            const started = performance.now();
            await global.engineVersion();
            longest = Math.max(longest, performance.now() - started);
        }
    })();
    return async () => {
        isOver = true;
        await asking;
        return longest;
    };
}

describe("a script that would hurt the engine", function () {
    this.timeout(120_000);
    let engine: EngineProcess;
    let attacker: ClientSession;
    let app: DocApi;

    before(async () => {
        // The heap that Node.js takes in a pod of 2 GiB.
        const flags = ["AcceptEULA=yes", "DesktopPort=0", "PrometheusServicePort=0", "BindAddress=127.0.0.1"];
        const args = [...flags, `DocumentDirectory=${await temporaryDirectory()}`].flatMap((flag) => ["-S", flag]);
        engine = await untilListening(spawnNode(["--max-old-space-size=1024", bundled(engineSource), ...args]));
        attacker = await connect(engine);
        app = await attacker.global.openDoc((await attacker.global.createApp("Attacked")).qAppId);
    });
    after(cleanUp);

    const attacks: [what: string, script: string, bound: RegExp][] = [
        ["wildcards", "LET r = repeat('a',100000) like '*'&repeat('a',50000)&'b'", /5,000,000 steps of work/],
        ["wildcards, larger", "LET r = repeat('a',400000) like '*'&repeat('a',200000)&'b'", /5,000,000 steps/],
        ["WildMatch", "LOAD wildmatch(repeat('a',20000),'*'&repeat('a',10000)&'b') AS A AUTOGENERATE 200", /5,000,000/],
        ["long texts", "LOAD upper(repeat('a',100000000)&RecNo()) AS A AUTOGENERATE 20", /1,000,000 characters/],
        [
            "long texts row by row",
            "LOAD upper(repeat('a',900000)&RecNo()) AS A AUTOGENERATE 500",
            /50,000,000 characters/,
        ],
        ["a variable of 500 MB", "LET a = repeat('a',500000000)", /1,000,000 characters/],
        ["a script without a semicolon", "x".repeat(6_000_000), /5,000,000 characters/],
        ["a script of slashes", "/ ".repeat(2_400_000), /2,000,000 characters/],
        ["rows without end", "LOAD 1 AS A AUTOGENERATE 1 WHILE 1=1", /50,000,000 characters/],
    ];
    for (const [what, script, bound] of attacks) {
        it(`fails, with the bound in its words, while others are answered: ${what}`, async () => {
            const end = await bystander(await connect(engine));
            await app.setScript(script);
            expect(await app.doReload()).to.equal(false);
            const { qPersistentProgress } = await attacker.global.getProgress(0);
            expect(await end()).to.be.lessThan(longestWait);
            expect(qPersistentProgress).to.match(bound);
            expect(engine.child.exitCode).to.equal(null);
        });
    }

    it("is looked through while others are answered, and told by its place", async () => {
        await app.setScript(`${"\n".repeat(1_000_000)}///$tab Second\n${"x;".repeat(200)}`);
        const end = await bystander(await connect(engine));
        const errors = await app.checkScriptSyntax();
        expect(await end()).to.be.lessThan(longestWait);
        expect(errors).to.have.length(100);
        expect(errors[1]).to.include({ qTextPos: 1_000_000 + 15 + 2, qTabIx: 0, qLineInTab: 1 });
    });

    it("makes as much data as may be, which are saved while others are answered", async () => {
        await app.setScript(
            "LOAD RecNo() AS N, repeat('a',40)&RecNo() AS T AUTOGENERATE 600000; LET v = repeat('a',900000)",
        );
        expect(await app.doReload()).to.equal(true);
        const end = await bystander(await connect(engine));
        await app.doSave();
        expect(await end()).to.be.lessThan(longestWait);
    });

    it("makes data that are counted while others are answered, though V8 can't tell the texts apart by their hash", async () => {
        await app.setScript("LOAD repeat('a',16390)&(100000+RecNo()) AS A AUTOGENERATE 3000");
        expect(await app.doReload()).to.equal(true);
        const end = await bystander(await connect(engine));
        const { qtr } = await app.getTablesAndKeys({}, {}, 0, false, false);
        expect(await end()).to.be.lessThan(longestWait);
        expect(qtr[0]?.qFields[0]).to.deep.include({ qnTotalDistinctValues: 3_000, qTags: ["$ascii", "$text"] });
    });

    for (const [what, script] of [
        [
            "rows that cost much",
            "LOAD wildmatch(repeat('a',3000),'*'&repeat('a',1000)&'b') AS A AUTOGENERATE 1e9 WHERE 0",
        ],
        ["statements that cost much", `LET a='x';${`SET b='${"$(a)".repeat(999)}${"y".repeat(900_000)}';`.repeat(4)}`],
        ["rows without end that keep nothing", "LOAD 1 AS A AUTOGENERATE 1 WHILE 1=1 WHERE 0"],
    ] as const) {
        it(`is cancelled within a second: ${what}`, async () => {
            await app.setScript(script);
            const reload = app.doReload();
            await until("the reload runs", async () => !(await attacker.global.getProgress(-1)).qFinished);
            const started = performance.now();
            await attacker.global.cancelReload();
            expect(await reload).to.equal(false);
            expect(performance.now() - started).to.be.lessThan(longestWait);
        });
    }

    it("does not keep the engine when it is told to end", async () => {
        const other = await startEngine(await temporaryDirectory());
        const { global } = await connect(other);
        const doc = await global.openDoc((await global.createApp("Endless")).qAppId);
        await doc.setScript("LOAD 1 AS A AUTOGENERATE 1 WHILE 1=1 WHERE 0");
        doc.doReload().catch(() => undefined);
        await until("the reload runs", async () => !(await global.getProgress(-1)).qFinished);
        const started = performance.now();
        expect(await other.stop()).to.equal(0);
        expect(performance.now() - started).to.be.lessThan(10_000);
    });
});

describe("a title that is made for a rule", function () {
    this.timeout(60_000);
    afterEach(cleanUp);

    it("stops nobody: not who makes it, and not who lists documents", async () => {
        const rules = join(await temporaryDirectory(), "allow.txt");
        await writeFile(
            rules,
            [
                'resource.resourcetype = "App" and resource.name matches "(a+)+b" and resource.actions = "delete"',
                'resource.resourcetype = "App" and resource.name matches "(\\w+\\s?)*" and resource.actions = "delete"',
                'resource.resourcetype = "App" and resource.actions = {"create", "read", "update"}',
            ].join("\n"),
        );
        const engine = await startEngine(await temporaryDirectory(), "EnableABAC=1", `SystemAllowRulePath=${rules}`);
        const { global } = await connect(engine);
        const started = performance.now();
        const { qAppId } = await global.createApp(`${"a".repeat(28)}!`);
        await (await global.openDoc(qAppId)).setAppProperties({ qTitle: `${"a".repeat(999)}!` });
        expect(await global.getDocList()).to.have.length(1);
        expect(await refusal(global.deleteApp(qAppId))).to.include({ code: 5 });
        expect(performance.now() - started).to.be.lessThan(2_000);
    });
});

describe("a document that would hurt the engines", function () {
    this.timeout(120_000);
    afterEach(cleanUp);

    it("is not made: what is too large or too deep is refused, and changes nothing", async () => {
        const engine = await startEngine(await temporaryDirectory());
        const { global } = await connect(engine);
        expect(await refusal(global.createApp("n".repeat(1_001)))).to.include({ code: 1001 });
        const app = await global.openDoc((await global.createApp("n".repeat(1_000))).qAppId);
        let nested: unknown = {};
        for (let depth = 0; depth < 64; depth++) {
            nested = [nested];
        }
        for (const [properties, words] of [
            [{ qThumbnail: { qUrl: "x".repeat(2_000_000) } }, "qProp has more than 1048576 characters"],
            [{ qTitle: "t", deep: nested }, "qProp nests deeper than 64"],
            [{ qTitle: "t".repeat(1_000_000) }, "qProp.qTitle has 1000000 characters, more than 1000"],
        ] as const) {
            expect(await refusal(app.setAppProperties(properties))).to.deep.equal({
                code: -32602,
                parameter: words,
                message: "Invalid Params",
            });
        }
        expect(await app.getAppProperties()).to.deep.equal({ qTitle: "n".repeat(1_000), qThumbnail: {} });
    });

    it("leaves a large thumbnail out of lists, and keeps it in the document", async () => {
        const engine = await startEngine(await temporaryDirectory());
        const { global } = await connect(engine);
        const app = await global.openDoc((await global.createApp("Pictured")).qAppId);
        const properties = { qTitle: "Pictured", qThumbnail: { qUrl: "x".repeat(20_000) } };
        await app.setAppProperties(properties);
        await app.doSave();
        expect((await global.getDocList())[0]).to.deep.include({ qTitle: "Pictured", qThumbnail: {} });
        expect(await app.getAppProperties()).to.deep.equal(properties);
    });

    it("is listed with others, ten of each kind, by engines that need no more memory for it", async () => {
        const directory = await temporaryDirectory();
        const poisons = {
            thumbnail: `{"qTitle":"thumbnail","qThumbnail":{"qUrl":"${"x".repeat(90_000_000)}"}}`,
            depth: `{"qTitle":"depth","qThumbnail":{},"deep":${"[".repeat(4_109)}${"]".repeat(4_109)}}`,
            title: `{"qTitle":"${"title".repeat(1_000_000)}","qThumbnail":{}}`,
        };
        for (const properties of Object.values(poisons)) {
            await saveAsBefore(directory, properties, 10);
        }
        const committed = async (engine: EngineProcess) => {
            await (await connect(engine)).global.getDocList();
            return (await health(engine)).mem.committed;
        };
        const without = await committed(await startEngine(await temporaryDirectory()));
        const engine = await startEngine(directory);
        expect((await committed(engine)) - without).to.be.lessThan(50);

        const { global } = await connect(engine);
        const listed = await global.getDocList();
        expect(listed.map(({ qTitle }) => qTitle.slice(0, 9)).sort()).to.deep.equal(
            ["depth", "thumbnail", "titletitl"].flatMap((title) => Array.from({ length: 10 }, () => title)),
        );
        expect(JSON.stringify(listed).length).to.be.lessThan(50_000);
        const { qAppId } = await global.createApp("Another");
        const end = await bystander(await connect(engine));
        expect((await (await global.openDoc(qAppId)).getAppLayout()).qTitle).to.equal("Another");
        expect(await end()).to.be.lessThan(longestWait);
        expect((await health(engine)).sync.documents).to.equal(31);
    });

    it("ends no session by what is nested too deep to be written, and can be mended", async () => {
        const directory = await temporaryDirectory();
        const deep = `${"[".repeat(50_000)}${"]".repeat(50_000)}`;
        const [id = ""] = await saveAsBefore(directory, `{"qTitle":"Deep","qThumbnail":${deep},"deep":${deep}}`, 1);
        const { global } = await connect(await startEngine(directory));
        expect((await global.getDocList())[0]).to.deep.include({ qTitle: "Deep", qThumbnail: {} });
        const app = await global.openDoc(id);
        expect(await refusal(app.getAppProperties())).to.include({ code: -32603 });
        await app.setScript("// 1");
        expect(await refusal(app.doSave())).to.include({ code: -32603 });
        await app.setAppProperties({ qTitle: "Flat" });
        await app.doSave();
        expect((await global.getDocList())[0]).to.deep.include({ qTitle: "Flat" });
    });

    it("is opened while there is room for it, and refused after that", async () => {
        const directory = await temporaryDirectory();
        const ids = await saveAsBefore(
            directory,
            `{"qTitle":"T","qThumbnail":{"qUrl":"${"x".repeat(90_000_000)}"}}`,
            8,
        );
        const flags = ["AcceptEULA=yes", "DesktopPort=0", "PrometheusServicePort=0", "BindAddress=127.0.0.1"];
        // That bound would refuse first, by the files' sizes: here it is about what the heap has left.
        const args = [...flags, "OpenLimit=4294967296", `DocumentDirectory=${directory}`].flatMap((flag) => [
            "-S",
            flag,
        ]);
        const engine = await untilListening(spawnNode(["--max-old-space-size=1024", bundled(engineSource), ...args]));
        const sessions = await Promise.all(ids.map(() => connect(engine)));
        const opened = await Promise.all(
            sessions.map(({ global }, index) =>
                global.openDoc(ids[index] ?? "").then(
                    () => "opened",
                    ({ code }: { code: number }) => code,
                ),
            ),
        );
        expect(opened).to.include("opened").and.to.include(6);
        expect(opened.filter((outcome) => outcome !== "opened" && outcome !== 6)).to.deep.equal([]);
        expect((await connect(engine).then(({ global }) => global.getDocList())).length).to.equal(8);
    });
});

/** Documents with these properties, as an engine saved them that put no head into the file. They share one file. */
async function saveAsBefore(directory: string, properties: string, count: number): Promise<string[]> {
    const time = "2026-01-01T00:00:00.000Z";
    const content =
        `{"owner":"Personal\\\\Me","created":"${time}","modified":"${time}","script":"","lastReloadTime":"",` +
        `"properties":${properties},"data":{"tables":[],"fieldComments":{},"variables":{}}}`;
    const body = `{"saveId":"${randomUUID()}","ancestors":[],"content":${content}}`;
    const sha256 = createHash("sha256").update(body).digest("hex");
    const file = `document-sync-document 1 sha256=${sha256} bytes=${Buffer.byteLength(body)}\n${body}`;
    const paths = Array.from({ length: count }, () => join(directory, randomUUID(), "0000000001.syncdoc"));
    for (const path of paths) {
        await mkdir(join(path, ".."));
        await (path === paths[0] ? writeFile(path, file) : link(paths[0] ?? "", path));
    }
    return paths.map((path) => path.split("/").at(-2) ?? "");
}
