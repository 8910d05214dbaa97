import { expect } from "chai";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { expectHealth, findEngines, socketUrl } from "../../../scenario/engines";

/** The sentence that a promise is refused with. */
async function refusal(promise: Promise<unknown>): Promise<string> {
    const error: unknown = await promise.then(
        () => undefined,
        (reason: unknown) => reason,
    );
    expect(error).to.be.instanceOf(Error);
    // Mocha prints the stack: there must be nothing in it but the sentence.
    expect((error as Error).stack).to.equal((error as Error).message);
    return (error as Error).message;
}

describe("the scenario's engines", () => {
    it("may be given as any URL of theirs, or as host:port", () => {
        const read = (value: string) => socketUrl("ENGINE1", value);
        expect(read("ws://127.0.0.1:30761")).to.equal("ws://127.0.0.1:30761");
        expect(read("http://127.0.0.1:30761/")).to.equal("ws://127.0.0.1:30761");
        expect(read("wss://engine.example.com")).to.equal("wss://engine.example.com");
        expect(read("https://engine.example.com/one/")).to.equal("wss://engine.example.com/one");
        expect(read("127.0.0.1:30761")).to.equal("ws://127.0.0.1:30761");
        expect(read("localhost:80")).to.equal("ws://localhost");
        expect(read("[::1]:9076")).to.equal("ws://[::1]:9076");
    });

    for (const value of ["engine", "ftp://engine:21", "http://", "ws://engine:99999", "ws://engine/?a=b", "://"]) {
        it(`are refused as "${value}"`, () => {
            expect(() => socketUrl("ENGINE2", value)).to.throw(
                `ENGINE2 must be ws://, wss://, http:// or https:// and a host, or host:port, and is "${value}".`,
            );
        });
    }

    it("are those of ENGINE1 and ENGINE2", async () => {
        expect(await findEngines({ ENGINE1: "127.0.0.1:1", ENGINE2: "127.0.0.1:2" })).to.deep.equal([
            { key: "ENGINE1", url: "ws://127.0.0.1:1" },
            { key: "ENGINE2", url: "ws://127.0.0.1:2" },
        ]);
    });

    it("are refused one without the other", async () => {
        expect(await refusal(findEngines({ ENGINE1: "127.0.0.1:1" }))).to.equal(
            'ENGINE1 is "127.0.0.1:1" and ENGINE2 is not set: set both, or none.',
        );
        expect(await refusal(findEngines({ ENGINE1: "", ENGINE2: "127.0.0.1:2" }))).to.equal(
            'ENGINE2 is "127.0.0.1:2" and ENGINE1 is not set: set both, or none.',
        );
    });

    it("are refused as one, however it is written", async () => {
        expect(
            await refusal(findEngines({ ENGINE1: "ws://127.0.0.1:9076", ENGINE2: "http://127.0.0.1:9076/" })),
        ).to.equal("ENGINE1 and ENGINE2 are the same engine, ws://127.0.0.1:9076: the scenario needs two.");
    });

    describe("their health", () => {
        let server: Server;
        let answer: { status: number; body: string };
        const engine = () => ({ key: "ENGINE1", url: `ws://127.0.0.1:${(server.address() as AddressInfo).port}` });

        before((done) => {
            server = createServer((request, response) => {
                response.writeHead(request.url === "/health" ? answer.status : 404).end(answer.body);
            }).listen(0, "127.0.0.1", done);
        });
        after(() => server.close());

        it("is known by the sessions that it counts", async () => {
            answer = { status: 200, body: '{"session":{"active":3,"total":9}}' };
            await expectHealth(engine());
        });

        it("tells of rules that the engine can't use, in its words", async () => {
            const error = "/etc/config/deny.txt:3:60: unterminated string";
            answer = { status: 200, body: JSON.stringify({ session: { active: 0 }, sync: { rules: { error } } }) };
            expect(await refusal(expectHealth(engine()))).to.equal(
                `ENGINE1 is "${engine().url}", and the engine can't use its access rules: ${error}`,
            );
            answer = {
                status: 200,
                body: JSON.stringify({ session: { active: 0 }, sync: { rules: { error: null } } }),
            };
            await expectHealth(engine());
        });

        it("is no engine's if it says something else", async () => {
            answer = { status: 404, body: "not here" };
            const { url } = engine();
            expect(await refusal(expectHealth(engine()))).to.equal(
                `ENGINE1 is "${url}", and what answers there has no engine's health: ${url.replace("ws", "http")}/health says 404 not here.`,
            );
        });

        it("is missed where nothing answers", async () => {
            const gone = createServer().listen(0, "127.0.0.1");
            await new Promise((resolve) => gone.once("listening", resolve));
            const url = `ws://127.0.0.1:${(gone.address() as AddressInfo).port}`;
            await new Promise((resolve) => gone.close(resolve));
            expect(await refusal(expectHealth({ key: "ENGINE2", url }))).to.equal(
                `ENGINE2 is "${url}", and nothing answers there (ECONNREFUSED).`,
            );
        });
    });
});
