import { type Socket } from "node:net";
import { expect } from "chai";
import {
    type EngineProcess,
    cleanUp,
    health,
    startEngine,
    startSmallEngine,
    temporaryDirectory,
} from "../engineProcess";
import { scrape } from "../metricsPort";
import { RawSocket } from "../socket";
import { until } from "../until";
import { frame, frameHead, openStream } from "./frames";

const mebibyte = 1024 * 1024;
const version = { method: "EngineVersion", handle: -1, params: [] };

describe("what clients may take of the engine's memory", function () {
    this.timeout(60_000);
    let engine: EngineProcess;
    const streams: Socket[] = [];

    async function start(...flags: string[]): Promise<void> {
        engine = await startEngine(await temporaryDirectory(), ...flags);
    }
    async function startSmall(...flags: string[]): Promise<void> {
        engine = await startSmallEngine(await temporaryDirectory(), 96, ...flags);
    }
    async function stream(path: string): Promise<Socket> {
        const opened = await openStream(engine, path);
        streams.push(opened);
        return opened;
    }
    const metric = async (series: string) => (await scrape(engine)).samples[series];
    const refusals = (flag: string) => metric(`document_sync_refusals_total{bound="${flag}"}`);
    const said = (pattern: RegExp) => () => engine.log.some((line) => pattern.test(line.message));
    const expectToAnswer = async () => {
        const other = await RawSocket.open(engine, `/app/bystander-${Math.random()}`);
        expect((await other.request({ id: 1, ...version })).result).to.have.property("qVersion");
        await other.close();
    };
    afterEach(async () => {
        streams.splice(0).forEach((opened) => opened.destroy());
        await cleanUp();
    });

    it("is MessageLimit for one message: a longer one closes its socket, before it has come, with the reason", async () => {
        await start("MessageLimit=1048576", "PendingLimit=1048576");
        const socket = await RawSocket.open(engine, "/app/long");
        socket.send("x".repeat(17 * mebibyte));
        await until("the socket is closed", () => socket.closeCode !== undefined);
        expect(socket.closeCode).to.equal(1009);
        expect(socket.closeReason).to.equal("The message is longer than MessageLimit=1048576 bytes.");
        expect(await refusals("MessageLimit")).to.equal(1);
        // What still comes of it is dropped, and does not count.
        expect(await refusals("PendingLimit")).to.equal(0);
        const other = await RawSocket.open(engine, "/app/as-long-as-may-be");
        const params = ["x".repeat(mebibyte - 100_000)];
        expect((await other.request({ id: 1, method: "SetScript", handle: 1, params })).error?.code).to.equal(-32602);
    });

    it("is PendingLimit for all unfinished messages: 25 sockets with 95 MiB each took 2.4 GB, and take 128 MiB", async () => {
        await startSmall("MessageLimit=104857600");
        const before = (await health(engine)).mem.committed;
        const piece = Buffer.alloc(mebibyte, "x");
        const attackers = await Promise.all(Array.from({ length: 25 }, (_, index) => stream(`/app/${index}`)));
        for (const attacker of attackers) {
            attacker.write(frameHead(96 * mebibyte));
        }
        let most = 0;
        for (let sent = 0; sent < 95; sent++) {
            const open = attackers.filter((attacker) => attacker.writable);
            await Promise.all(open.map((attacker) => new Promise((resolve) => attacker.write(piece, resolve))));
            most = Math.max(most, (await health(engine)).mem.committed - before);
        }
        await expectToAnswer();
        await until("the largest were closed", said(/PendingLimit=134217728 bytes of unfinished and waiting messages/));
        expect(await refusals("PendingLimit")).to.be.greaterThan(5);
        expect(await metric("document_sync_pending_bytes")).to.be.at.most(128 * mebibyte);
        // Beside the 128 MiB what was evicted and is not collected yet: 2,449 MB before there was a bound.
        expect(most).to.be.lessThan(600);
    });

    it("is not taken by small pieces and frames for less than they cost", async () => {
        await start("PendingLimit=16777216");
        const attacker = await stream("/app/pieces");
        attacker.setNoDelay(true);
        attacker.write(frameHead(mebibyte));
        for (let sent = 0; sent < 200; sent++) {
            await new Promise((resolve) => attacker.write("x", resolve));
            await new Promise((resolve) => setImmediate(resolve));
        }
        const seen = (await metric("document_sync_pending_bytes")) ?? 0;
        expect(seen).to.be.greaterThan(200);
        const frames = await RawSocket.open(engine, "/app/frames");
        frames.sendFragments("x", 1_025);
        await until("the frames are refused", () => frames.closeCode !== undefined);
        expect(frames.closeCode).to.equal(1008);
    });

    it("is given back to the last byte by messages of every length, fragments, pings and sockets that go", async () => {
        await start();
        const socket = await RawSocket.open(engine, "/app/lengths");
        for (const [id, length] of [0, 60, 125, 126, 127, 65_000, 65_535, 65_536, 3 * mebibyte].entries()) {
            await socket.request({ id, ...version, params: ["x".repeat(length)] });
            socket.ping("x".repeat(id));
        }
        socket.sendFragments(JSON.stringify({ id: 99, ...version }), 5);
        await until("the fragments are answered", () => socket.frames.some((answer) => answer.id === 99));
        await socket.request({ id: 100, ...version });
        await until("nothing is pending", async () => (await metric("document_sync_pending_bytes")) === 0);
        const gone = await stream("/app/gone");
        gone.write(Buffer.concat([frameHead(5 * mebibyte), Buffer.alloc(2 * mebibyte)]));
        const isPending = async () => ((await metric("document_sync_pending_bytes")) ?? 0) > 2 * mebibyte;
        await until("a part is pending", isPending);
        gone.destroy();
        await until("nothing is pending", async () => (await metric("document_sync_pending_bytes")) === 0);
    });

    it("is RequestLimit for one socket: more are answered later, in order, and no socket is closed for them", async () => {
        await start("RequestLimit=4");
        const socket = await RawSocket.open(engine, "/app/many");
        const requests = 3_000;
        for (let id = 1; id <= requests; id++) {
            socket.send({ id, ...version });
        }
        await until("all are answered", () => socket.frames.length === requests + 1, 20);
        expect(socket.frames.slice(1).map((answer) => answer.id)).to.deep.equal(
            Array.from({ length: requests }, (_, index) => index + 1),
        );
    });

    it("is not read from a socket with RequestLimit requests under way; GetProgress is one of them", async () => {
        await start("RequestLimit=4");
        const socket = await RawSocket.open(engine, "/app/reload");
        const created = await socket.request({ id: 1, method: "CreateApp", handle: -1, params: ["App"] });
        await socket.request({ id: 2, method: "OpenDoc", handle: -1, params: [created.result?.qAppId] });
        const script = "LOAD RecNo() AS A AUTOGENERATE 1 WHILE 1=1;";
        await socket.request({ id: 3, method: "SetScript", handle: 1, params: [script] });
        socket.send({ id: 4, method: "DoReload", handle: 1, params: [] });
        const progress = await socket.request({ id: 5, method: "GetProgress", handle: -1, params: [0] });
        expect(progress.result?.qProgressData).to.include({ qFinished: false });
        for (let id = 6; id <= 20; id++) {
            socket.send({ id, method: "GetScript", handle: 1, params: [] });
        }
        socket.send({ id: 21, method: "CancelReload", handle: -1, params: [] });
        await until("as many as may be are under way", async () => (await metric("qix_active_requests")) === 4);
        const pending = await metric("document_sync_pending_bytes");
        // The rest is where it costs nobody but the client.
        expect(pending).to.be.greaterThan(0).and.lessThan(20_000);
        await expectToAnswer();
        expect(socket.closeCode).to.equal(undefined);
    });

    it("holds for answers at once, too: 463,000 unread GetProgress ended the engine", async () => {
        await startSmall();
        const attacker = await stream("/app/unread");
        attacker.pause();
        const request = frame('{"id":1,"method":"GetProgress","handle":-1,"params":[0]}');
        attacker.write(Buffer.concat(Array<Buffer>(463_000).fill(request)));
        let calls = -1;
        await until(
            "no more are made",
            async () => {
                const known = calls;
                await new Promise((resolve) => setTimeout(resolve, 200));
                ({ calls } = (await health(engine)).apps);
                return calls === known && calls > 0;
            },
            20,
        );
        expect(calls).to.be.lessThan(100_000);
        // Those of RequestLimit, which end when their answers have left.
        expect(await metric("document_sync_unread_bytes"))
            .to.be.greaterThan(0)
            .and.lessThan(mebibyte);
        await expectToAnswer();
    });

    it("closes a socket whose client reads nothing for UnreadSeconds, and none that reads slowly", async () => {
        await start("UnreadSeconds=10");
        const open = async (path: string) => {
            const socket = await RawSocket.open(engine, path);
            const created = await socket.request({ id: 1, method: "CreateApp", handle: -1, params: ["App"] });
            await socket.request({ id: 2, method: "OpenDoc", handle: -1, params: [created.result?.qAppId] });
            const params = ["x".repeat(3 * mebibyte)];
            await socket.request({ id: 3, method: "SetScript", handle: 1, params });
            for (let id = 10; id < 20; id++) {
                socket.send({ id, method: "GetScript", handle: 1 });
            }
            return socket;
        };
        const slow = await open("/app/slow");
        const deaf = await open("/app/deaf");
        deaf.pause();
        for (
            let round = 0;
            deaf.closeCode === undefined && !said(/No answer was read for UnreadSeconds=10/)();
            round++
        ) {
            expect(round, "the deaf one is still there").to.be.lessThan(250);
            slow.pause();
            await new Promise((resolve) => setTimeout(resolve, 200));
            slow.resume();
            await new Promise((resolve) => setTimeout(resolve, 20));
        }
        expect(await refusals("UnreadSeconds")).to.equal(1);
        slow.resume();
        await until("the slow one has all", () => slow.frames.some((answer) => answer.id === 19), 20);
    });

    it("is UnreadLimit for the answers of all sockets: the one that reads least has to go", async () => {
        await start("UnreadLimit=16777216");
        const sockets = await Promise.all([1, 2, 3, 4, 5].map((name) => RawSocket.open(engine, `/app/${name}`)));
        const created = await sockets[0]!.request({ id: 1, method: "CreateApp", handle: -1, params: ["App"] });
        for (const [index, socket] of sockets.entries()) {
            await socket.request({ id: 2, method: "OpenDoc", handle: -1, params: [created.result?.qAppId] });
            if (index === 0) {
                const params = ["x".repeat(12 * mebibyte)];
                await socket.request({ id: 3, method: "SetScript", handle: 1, params });
            }
        }
        for (const socket of sockets.slice(1)) {
            socket.pause();
            socket.send({ id: 4, method: "GetScript", handle: 1 });
        }
        await until("some are closed", said(/UnreadLimit=16777216 bytes of unread answers are reached/));
        expect(await metric("document_sync_unread_bytes")).to.be.at.most(16 * mebibyte);
        expect((await sockets[0]!.request({ id: 5, ...version })).error).to.equal(undefined);
    });
});
