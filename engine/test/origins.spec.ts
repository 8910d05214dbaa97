import { expect } from "chai";
import WebSocket from "ws";
import { FlagError, parseFlags } from "../src/flags";
import { type EngineProcess, cleanUp, health, startEngine, temporaryDirectory } from "./engineProcess";
import { RawSocket } from "./socket";
import { until } from "./until";

interface Answer {
    readonly status: number | undefined;
    readonly type: string | undefined;
    readonly body: string;
}

/** How an upgrade is answered that names this origin, as a browser's does. */
function upgrade(engine: EngineProcess, origin: string): Promise<Answer> {
    const socket = new WebSocket(`${engine.url}/app/engineData`, { origin });
    return new Promise((resolve, reject) => {
        socket.once("error", reject);
        socket.once("open", () => {
            socket.close();
            resolve({ status: 101, type: undefined, body: "" });
        });
        socket.once("unexpected-response", (_request, response) => {
            let body = "";
            response.on("data", (data: Buffer) => (body += data.toString()));
            response.once("end", () =>
                resolve({ status: response.statusCode, type: response.headers["content-type"], body }),
            );
        });
    });
}

describe("web pages", function () {
    this.timeout(30_000);
    afterEach(cleanUp);

    it("are refused with 403 and a sentence, which names the origin as data", async () => {
        const engine = await startEngine(await temporaryDirectory(), "AuditActivityLogVerbosity=4");
        for (const origin of ["https://evil.example", "null", engine.url.replace("ws:", "http:"), "<script>\t"]) {
            const { status, type, body } = await upgrade(engine, origin);
            expect(status, origin).to.equal(403);
            expect(type).to.equal("text/plain; charset=utf-8");
            expect(body).to.equal(
                `Web pages of the origin ${JSON.stringify(origin.trim())} may not connect: ` +
                    "the flag AllowedOrigins lists those that may.",
            );
        }
        expect((await health(engine)).session.total).to.equal(0);
        // The system's log sums up what comes within a minute; the audit trail tells of each.
        const of = (stream: string) => engine.log.filter((line) => line.log_type === stream);
        await until("the trail has all", () => of("AuditActivity").length === 4);
        expect(of("System").filter((line) => /is refused: Web pages/.test(line.message))).to.have.length(1);
    });

    it("are told by the first 256 characters of their origin", async () => {
        const engine = await startEngine(await temporaryDirectory());
        const { body } = await upgrade(engine, `https://${"x".repeat(10_000)}`);
        expect(body).to.contain(`"https://${"x".repeat(248)}…"`);
        expect(Math.max(...engine.log.map((line) => line.message.length))).to.be.lessThan(1_000);
    });

    it("may connect if their origin is in the flag's list; who names none always may", async () => {
        const engine = await startEngine(
            await temporaryDirectory(),
            "AllowedOrigins=https://a.example,http://localhost:8080",
        );
        expect((await upgrade(engine, "https://a.example")).status).to.equal(101);
        expect((await upgrade(engine, "http://localhost:8080")).status).to.equal(101);
        const others = ["http://a.example", "https://a.example:444", "https://b.a.example", "https://a.example.evil"];
        for (const origin of others) {
            expect((await upgrade(engine, origin)).status, origin).to.equal(403);
        }
        expect((await RawSocket.open(engine, "/app")).state).to.equal("SESSION_CREATED");
    });

    it("can't be allowed by what no browser would write", () => {
        const wrong = ["*", "a.example", "https://a.example/", "https://A.example", "https://a.example:443", "null"];
        for (const origin of wrong) {
            expect(() => parseFlags(["-S", `AllowedOrigins=https://b.example,${origin}`])).to.throw(
                FlagError,
                `${JSON.stringify(origin)}, which is no origin`,
            );
        }
        expect(parseFlags(["-S", "AllowedOrigins="]).flags.allowedOrigins).to.deep.equal([]);
    });
});
