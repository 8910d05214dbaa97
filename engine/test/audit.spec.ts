import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import WebSocket from "ws";
import { type EngineProcess, type LogLine, cleanUp, startEngine, temporaryDirectory } from "./engineProcess";
import { connect, refusal } from "./qixClient";
import { RawSocket } from "./socket";
import { until } from "./until";

/** A line of the audit trail. */
interface AuditLine extends LogLine {
    readonly log_type: string;
    readonly user_id: string;
    readonly app_id: string;
    readonly address: string;
    readonly action: string;
    readonly method: string;
    readonly title: string;
    readonly outcome: string;
    readonly code?: number;
    readonly reason?: string;
}

const isAudit = (line: LogLine): line is AuditLine => (line as AuditLine).log_type === "AuditActivity";
const trailOf = (engine: EngineProcess) => engine.log.filter(isAudit);
const short = ({ action, method, app_id, title, outcome, code }: AuditLine) =>
    [action, method, app_id, title, outcome, ...(code === undefined ? [] : [code])].join(" | ");

describe("the audit trail", function () {
    this.timeout(30_000);
    afterEach(cleanUp);

    /** Once the log has so many lines of it: they come by a pipe. */
    async function untilTrail(engine: EngineProcess, lines: number): Promise<AuditLine[]> {
        await until(`${lines} lines of the trail`, () => trailOf(engine).length >= lines);
        return trailOf(engine);
    }

    it("tells who opened, made, saved, reloaded and deleted which document, from where, and how it ended", async () => {
        const engine = await startEngine(await temporaryDirectory());
        const { global } = await connect(engine);
        const { qAppId } = await global.createApp("Sales");
        const doc = await global.openDoc(qAppId);
        await doc.setScript("LOAD 1 AS A AUTOGENERATE 1;");
        await doc.doReload();
        await doc.setScript("no script;");
        await doc.doReload();
        await doc.doSave();
        await global.deleteApp(qAppId);
        expect((await refusal(global.openDoc(qAppId))).code).to.equal(1003);
        const trail = await untilTrail(engine, 7);
        expect(trail.map(short)).to.deep.equal([
            `create | CreateApp | ${qAppId} | Sales | ok`,
            `open | OpenDoc | ${qAppId} | Sales | ok`,
            `reload | DoReload | ${qAppId} | Sales | ok`,
            `reload | DoReload | ${qAppId} | Sales | failed | 0`,
            `save | DoSave | ${qAppId} | Sales | ok`,
            `delete | DeleteApp | ${qAppId} | Sales | ok`,
            `open | OpenDoc | ${qAppId} |  | failed | 1003`,
        ]);
        for (const line of trail) {
            expect(line.user_id).to.equal("Personal\\Me");
            expect(line.address).to.match(/^127\.0\.0\.1:\d+$/);
            expect(line.logseverity).to.equal(line.outcome === "ok" ? "INFO" : "WARN");
        }
        expect(trail[0]?.message).to.equal(`Personal\\Me at ${trail[0]?.address}: create ${qAppId} "Sales": ok.`);
        expect(trail[3]?.reason).to.equal("The script failed or was cancelled.");
    });

    it("tells of everything that was refused for want of a right or of room", async () => {
        const rules = join(await temporaryDirectory(), "rules.txt");
        const everything = 'resource.resourcetype = "node" and resource.actions = "*"';
        const notAll = ["create", "read", "reload"].map((action) => `resource.actions = "${action}"`).join(" or ");
        await writeFile(
            rules,
            `${everything}
resource.resourcetype = "App" and (${notAll})
`,
        );
        const flags = ["EnableABAC=1", `SystemAllowRulePath=${rules}`, "SessionLimit=1"];
        const engine = await startEngine(await temporaryDirectory(), ...flags);
        const { global } = await connect(engine);
        const { qAppId } = await global.createApp("A");
        const doc = await global.openDoc(qAppId);
        expect((await refusal(doc.setScript("// secret"))).code).to.equal(5);
        expect((await refusal(doc.doSave())).code).to.equal(5);
        expect((await refusal(global.deleteApp(qAppId))).code).to.equal(5);
        await RawSocket.open(engine, "/app/second");
        new WebSocket(engine.url, { origin: "https://evil.example" }).on("error", () => undefined);
        const refused = (await untilTrail(engine, 7)).filter((line) => line.outcome === "refused");
        expect(refused.map(short)).to.deep.equal([
            `call | SetScript | ${qAppId} | A | refused | 5`,
            `save | DoSave | ${qAppId} | A | refused | 5`,
            `delete | DeleteApp | ${qAppId} | A | refused | 5`,
            "connect |  |  |  | refused | 1008",
            "connect |  |  |  | refused | 403",
        ]);
        expect(refused[0]?.reason).to.equal("Access denied to set script");
        expect(refused[3]?.reason).to.match(/SessionLimit=1/);
        expect(refused[4]?.reason).to.match(/"https:\/\/evil\.example"/);
        expect(JSON.stringify(trailOf(engine))).not.to.include("// secret");
    });

    it("quotes titles and ids, however they are written, in one line each", async () => {
        const engine = await startEngine(await temporaryDirectory());
        let raw = "";
        engine.child.stdout?.on("data", (data: Buffer) => (raw += data.toString()));
        const { global } = await connect(engine);
        const forged = 'x": ok.\r\n{"log_type":"AuditActivity"}\u2028\u0085\u202e\u007f';
        await global.createApp(forged);
        await global.createApp("y".repeat(1_000));
        await refusal(global.openDoc("../../etc/passwd\n".repeat(1_000)));
        const trail = await untilTrail(engine, 3);
        expect(trail).to.have.length(3);
        expect(trail[0]?.title).to.equal(forged);
        expect(trail[0]?.message).to.include(JSON.stringify(forged));
        expect(trail.map((line) => line.title.length + line.app_id.length)).to.satisfy((lengths: number[]) =>
            lengths.every((length) => length < 300),
        );
        expect(raw).not.to.match(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u2028\u2029\u202a-\u202e]/);
    });

    it("is switched by its own flag: 3 leaves out what went well, 0 everything", async () => {
        for (const [verbosity, actions] of [
            [3, ["open"]],
            [0, []],
        ] as const) {
            const flag = `AuditActivityLogVerbosity=${verbosity}`;
            const engine = await startEngine(await temporaryDirectory(), flag, "SystemLogVerbosity=4");
            const { global } = await connect(engine);
            await global.createApp("A");
            await refusal(global.openDoc("nobody's"));
            await engine.stop();
            expect(trailOf(engine).map((line) => line.action)).to.deep.equal(actions);
        }
        const quiet = await startEngine(await temporaryDirectory(), "SystemLogVerbosity=4");
        expect(trailOf(quiet)).to.deep.equal([]);
    });
});
