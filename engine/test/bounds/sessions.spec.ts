import { expect } from "chai";
import WebSocket from "ws";
import { type EngineProcess, cleanUp, health, startEngine, temporaryDirectory } from "../engineProcess";
import { scrape } from "../metricsPort";
import { RawSocket } from "../socket";
import { until } from "../until";

describe("how many sockets and sessions there may be", function () {
    this.timeout(30_000);
    let engine: EngineProcess;

    async function start(...flags: string[]): Promise<void> {
        engine = await startEngine(await temporaryDirectory(), ...flags);
    }
    const open = (path: string) => RawSocket.open(engine, path);
    const active = async () => (await health(engine)).session.active;
    const refusals = async (flag: string) =>
        (await scrape(engine)).samples[`document_sync_refusals_total{bound="${flag}"}`];
    async function expectRefusal(path: string, reason: string): Promise<void> {
        const socket = await open(path);
        expect(socket.state).to.equal("SESSION_ERROR_LIMIT_EXCEEDED");
        await until("it is closed", () => socket.closeCode !== undefined);
        expect(socket.closeCode).to.equal(1008);
        expect(socket.closeReason).to.equal(`There are as many sessions as may be, by ${reason}.`);
    }
    afterEach(cleanUp);

    it("is counted by address: sessions, whose sockets may be many", async () => {
        await start("SessionLimitPerAddress=2");
        await open("/app/1");
        const second = await open("/app/2");
        await open("/app/2");
        await expectRefusal("/app/3", "SessionLimitPerAddress=2");
        expect(await refusals("SessionLimitPerAddress")).to.equal(1);
        expect((await open("/app/1")).state).to.equal("SESSION_ATTACHED");
        await second.close();
        await expectRefusal("/app/3", "SessionLimitPerAddress=2");
    });

    it("is counted by itself for sessions that outlive their sockets, until they end", async () => {
        await start("TtlSessionLimit=2", "MaxSessionTTL=2");
        // Open until it may end, however slow the machine is.
        const first = await open("/app/1/ttl/60");
        const second = await open("/app/2/ttl/60");
        await expectRefusal("/app/3/ttl/60", "TtlSessionLimit=2");
        // Without a ttl there is room; and a session that may not have one goes on without.
        expect((await open("/app/3")).state).to.equal("SESSION_CREATED");
        await expectRefusal("/app/3/ttl/60", "TtlSessionLimit=2");
        expect((await open("/app/3")).state).to.equal("SESSION_ATTACHED");
        // The latest ttl counts: this one gives its place up.
        expect((await open("/app/2/ttl/0")).state).to.equal("SESSION_ATTACHED");
        expect((await open("/app/4/ttl/60")).state).to.equal("SESSION_CREATED");
        await second.close();
        await first.close();
        await until("the first session ended", async () => (await active()) === 3);
        expect((await open("/app/5/ttl/60")).state).to.equal("SESSION_CREATED");
        await expectRefusal("/app/6/ttl/60", "TtlSessionLimit=2");
    });

    it("is as great as one likes at 0", async () => {
        await start(...["SessionLimit", "SessionLimitPerAddress", "TtlSessionLimit"].map((flag) => `${flag}=0`));
        expect((await open("/app/1/ttl/60")).state).to.equal("SESSION_CREATED");
    });

    it("is bounded for sockets before the upgrade, with 503 and a sentence", async () => {
        await start("SocketLimitPerAddress=2");
        const first = await open("/app/1");
        await open("/app/1");
        const answer = await new Promise<{ status?: number; body: string }>((resolve) => {
            new WebSocket(`${engine.url}/app/1`)
                .on("error", () => undefined)
                .once("unexpected-response", (_request, response) =>
                    response.once("data", (body: Buffer) =>
                        resolve({ status: response.statusCode, body: body.toString() }),
                    ),
                );
        });
        expect(answer).to.deep.equal({
            status: 503,
            body: "There are as many sockets as may be, by SocketLimitPerAddress=2: try again later.",
        });
        await first.close();
        const third = () => open("/app/1").catch(() => undefined);
        expect((await until("there is room again", third)).state).to.equal("SESSION_ATTACHED");
    });

    it("costs little: keys of any length are kept short, and are still each their own", async () => {
        await start();
        const long = `/app/${"x".repeat(8_000)}`;
        expect((await open(`${long}1`)).state).to.equal("SESSION_CREATED");
        expect((await open(`${long}2`)).state).to.equal("SESSION_CREATED");
        expect((await open(`${long}1`)).state).to.equal("SESSION_ATTACHED");
        expect(Math.max(...engine.log.map((line) => line.message.length))).to.be.lessThan(1_000);
    });
});
