import { connect as connectTcp } from "node:net";
import { expect } from "chai";
import { type EngineProcess, cleanUp, health, startEngine, temporaryDirectory } from "./engineProcess";
import { connect, refusal } from "./qixClient";
import { RawSocket } from "./socket";
import { until } from "./until";

/** Deep enough to be read, and too deep to be written again. */
const nested = "[".repeat(50_000) + "]".repeat(50_000);
const openDoc = (id: unknown, app: string) => ({ id, method: "OpenDoc", handle: -1, params: [app] });

describe("sessions and the wire", function () {
    this.timeout(30_000);
    let engine: EngineProcess;

    async function start(...flags: string[]): Promise<void> {
        engine = await startEngine(await temporaryDirectory(), ...flags);
    }
    async function createApp(): Promise<string> {
        const { global, close } = await connect(engine);
        const { qAppId } = await global.createApp("App");
        await close();
        return qAppId;
    }
    afterEach(cleanUp);

    it("greet once, with strings only, on every path", async () => {
        await start();
        for (const path of [
            "/",
            "/app",
            "/app/",
            "/app/engineData",
            "/app/engineData/identity/1/ttl/3?x=y",
            "/a/b/c",
            "//",
        ]) {
            const socket = await RawSocket.open(engine, path);
            await socket.request({ id: 1, method: "EngineVersion", handle: -1, params: [] });
            expect(socket.frames, path).to.have.length(2);
            expect(socket.frames[0]).to.deep.equal({
                jsonrpc: "2.0",
                method: "OnConnected",
                params: { qSessionState: "SESSION_CREATED" },
            });
            await socket.close();
        }
    });

    it("are shared by sockets of the same path or header, each with handles of its own", async () => {
        await start();
        const app = await createApp();
        const first = await RawSocket.open(engine, "/app/x");
        await first.request(openDoc(1, app));
        const second = await RawSocket.open(engine, "/app/x/ttl/0");
        expect(second.state).to.equal("SESSION_ATTACHED");
        const active = await second.request({ id: 1, method: "GetActiveDoc", handle: -1, params: [] });
        expect(active).to.deep.equal({
            jsonrpc: "2.0",
            id: 1,
            result: { qReturn: { qType: "Doc", qHandle: 1, qGenericId: app } },
        });
        const other = await RawSocket.open(engine, "/app/y");
        expect(other.state).to.equal("SESSION_CREATED");
        const headers = { "X-Qlik-Session": "abc" };
        expect((await RawSocket.open(engine, "/app/x", headers)).state).to.equal("SESSION_CREATED");
        expect((await RawSocket.open(engine, "/app/z", headers)).state).to.equal("SESSION_ATTACHED");
        expect((await health(engine)).session.active).to.equal(3);
    });

    it("outlive their last socket by the ttl, with what is unsaved", async () => {
        await start("SessionTTL=0");
        const app = await createApp();
        const first = await RawSocket.open(engine, "/app/kept/ttl/20");
        await first.request(openDoc(1, app));
        await first.request({ id: 2, method: "SetScript", handle: 1, params: ["// unsaved"] });
        await first.close(4000);
        const second = await RawSocket.open(engine, "/app/kept/ttl/0");
        expect(second.state).to.equal("SESSION_ATTACHED");
        await second.request({ id: 1, method: "GetActiveDoc", handle: -1 });
        const script = await second.request({ id: 2, method: "GetScript", handle: 1 });
        expect(script.result).to.deep.equal({ qScript: "// unsaved" });
        await second.close();
        await until("the session ended", async () => (await health(engine)).session.active === 0);
        expect((await RawSocket.open(engine, "/app/kept/ttl/0")).state).to.equal("SESSION_CREATED");
    });

    it("get no more ttl than MaxSessionTTL", async () => {
        await start("MaxSessionTTL=1");
        const socket = await RawSocket.open(engine, "/app/short/ttl/1800");
        await socket.close();
        await (await RawSocket.open(engine, "/app/for-ever/ttl/-1")).close();
        expect((await health(engine)).session.active).to.equal(2);
        await until("both sessions ended", async () => (await health(engine)).session.active === 0);
    });

    it("are unlimited, but for the flag that says how many", async () => {
        await start("SessionLimit=5");
        const sockets = await Promise.all([1, 2, 3, 4, 5].map((name) => RawSocket.open(engine, `/app/${name}`)));
        const sixth = await RawSocket.open(engine, "/app/6");
        expect(sixth.state).to.equal("SESSION_ERROR_LIMIT_EXCEEDED");
        await until("the sixth is closed", () => sixth.closeCode !== undefined);
        // One that breaks the protocol while it is being refused must not take the others along.
        const rude = connectTcp(Number(new URL(engine.url).port), "127.0.0.1");
        const upgrade = ["GET /app/7 HTTP/1.1", "Host: x", "Connection: Upgrade", "Upgrade: websocket"];
        const key = ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"];
        rude.on("error", () => undefined);
        rude.write(`${[...upgrade, ...key].join("\r\n")}\r\n\r\n`);
        rude.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
        const noticed = () => engine.log.some((line) => /Invalid WebSocket frame/.test(line.message));
        await until("the broken frame is noticed", noticed);
        rude.destroy();
        expect((await RawSocket.open(engine, "/app/5")).state).to.equal("SESSION_ATTACHED");
        await sockets[0]?.close();
        await until("a place is free", async () => (await health(engine)).session.active === 4);
        expect((await RawSocket.open(engine, "/app/6")).state).to.equal("SESSION_CREATED");
    });

    it("answer parameters as a list of any length, by name, or absent, under any id", async () => {
        await start();
        const app = await createApp();
        const socket = await RawSocket.open(engine, "/app/framing");
        const opened = await socket.request({ id: 0, method: "OpenDoc", params: [app, null, "", "", false, "more"] });
        expect(opened).to.deep.equal({
            jsonrpc: "2.0",
            id: 0,
            result: { qReturn: { qType: "Doc", qHandle: 1, qGenericId: app } },
            change: [1],
        });
        const named = await socket.request({ id: "x", method: "SetScript", handle: 1, params: { qScript: "// 1" } });
        expect(named).to.deep.equal({ jsonrpc: "2.0", id: "x", result: {} });
        const script = await socket.request({ id: 0, method: "GetScript", handle: 1, delta: true, extra: 1 });
        expect(script).to.deep.equal({ jsonrpc: "2.0", id: 0, result: { qScript: "// 1" } });
        const wrong = await socket.request({ id: 1, method: "SetScript", handle: 1, params: [5] });
        expect(wrong.error).to.include({ code: -32602, message: "Invalid Params" });
    });

    it("answer what can't be answered with the codes of JSON-RPC", async () => {
        await start();
        const socket = await RawSocket.open(engine, "/app/errors");
        const codeOf = async (request: Record<string, unknown> & { id: unknown }) =>
            (await socket.request(request)).error?.code;
        expect(await codeOf({ id: 1, method: "NoSuchMethod", handle: -1 })).to.equal(-32601);
        expect(await codeOf({ id: 2, method: "constructor", handle: -1 })).to.equal(-32601);
        const unknown = await socket.request({ id: 3, method: "GetScript", handle: 0 });
        expect(unknown.error).to.deep.equal({ code: -32602, parameter: "Invalid handle", message: "Invalid Params" });
        const before = socket.frames.length;
        socket.send("{");
        socket.send("[]");
        socket.send("null");
        socket.send(`{"id":${nested},"method":"EngineVersion"}`);
        await until("four answers", () => socket.frames.length === before + 4);
        const codes = socket.frames.slice(before).map((frame) => frame.error?.code);
        expect(codes).to.deep.equal([-32700, -32600, -32600, -32600]);
        expect((await socket.request({ id: 4, method: "EngineVersion" })).result).to.deep.equal({
            qVersion: { qComponentVersion: "12.160.0" },
        });
    });

    it("are not ended by what is nested too deep, which is refused", async () => {
        await start();
        const app = await createApp();
        const socket = await RawSocket.open(engine, "/app/deep");
        await socket.request(openDoc(1, app));
        await socket.request({ id: 2, method: "GetAppLayout", handle: 1 });
        const before = socket.frames.length;
        socket.send(`{"id":3,"method":"SetAppProperties","handle":1,"params":[{"deep":${nested}}]}`);
        const refused = await until("an answer", () => socket.frames.slice(before).find((frame) => frame.id === 3));
        expect(refused.error).to.include({ code: -32602, parameter: "qProp nests deeper than 64" });
        const answer = await socket.request({ id: 4, method: "GetAppProperties", handle: 1 });
        expect(answer.result).to.have.property("qProp").that.does.not.have.property("deep");
        await socket.request({ id: 6, method: "SetAppProperties", handle: 1, params: [{ qTitle: "Flat" }] });
        expect(await socket.request({ id: 7, method: "DoSave", handle: 1 })).to.deep.include({ result: {} });
    });

    it("make no more answers for a client that does not read them", async () => {
        await start();
        const app = await createApp();
        const socket = await RawSocket.open(engine, "/app/slow");
        await socket.request(openDoc(1, app));
        await socket.request({ id: 2, method: "SetScript", handle: 1, params: ["x".repeat(1_000_000)] });
        const before = (await health(engine)).mem.committed;
        socket.pause();
        const requests = 400;
        for (let id = 1; id <= requests; id++) {
            socket.send({ id: 100 + id, method: "GetScript", handle: 1 });
        }
        let calls = -1;
        await until("the engine waits for the client", async () => {
            const known = calls;
            calls = (await health(engine)).apps.calls;
            return calls === known;
        });
        expect(calls).to.be.lessThan(requests);
        expect((await health(engine)).mem.committed - before).to.be.lessThan(requests / 2);
        const other = await RawSocket.open(engine, "/app/other");
        expect((await other.request({ id: 1, method: "EngineVersion" })).error).to.equal(undefined);
        socket.resume();
        const last = () => socket.frames.some((frame) => frame.id === 100 + requests);
        await until("all are answered", last, 20);
    });

    it("push to another session what has changed, without id, method or params", async () => {
        await start();
        const app = await createApp();
        const [changing, told] = [await RawSocket.open(engine, "/app/1"), await RawSocket.open(engine, "/app/2")];
        await changing.request(openDoc(1, app));
        await told.request(openDoc(1, app));
        await told.request({ id: 2, method: "GetAppLayout", handle: 1 });
        const before = told.frames.length;
        await changing.request({ id: 2, method: "SetScript", handle: 1, params: ["// new"] });
        await changing.request({ id: 3, method: "DeleteApp", handle: -1, params: [app] });
        await until("two pushes", () => told.frames.length === before + 2);
        expect(told.frames.slice(before)).to.deep.equal([
            { jsonrpc: "2.0", change: [1] },
            { jsonrpc: "2.0", close: [1] },
        ]);
    });

    it("may open the same document by two sockets at once", async () => {
        await start();
        const app = await createApp();
        const sockets = [await RawSocket.open(engine, "/app/tabs"), await RawSocket.open(engine, "/app/tabs")];
        const answers = await Promise.all(sockets.map((socket) => socket.request(openDoc(1, app))));
        const qReturn = { qType: "Doc", qHandle: 1, qGenericId: app };
        expect(answers.map((answer) => answer.result)).to.deep.equal([{ qReturn }, { qReturn }]);
    });

    it("keep what clients send in a query out of the log", async () => {
        await start();
        await RawSocket.open(engine, "/app/token?qlik-csrf-token=very-secret");
        await until("the session is in the log", () => JSON.stringify(engine.log).includes("/app/token"));
        expect(JSON.stringify(engine.log)).not.to.include("very-secret");
    });

    it("list a handle once when it becomes invalid, until the document is looked at again", async () => {
        await start();
        const app = await createApp();
        const socket = await RawSocket.open(engine, "/app/change");
        await socket.request(openDoc(1, app));
        const set = (id: number) => socket.request({ id, method: "SetScript", handle: 1, params: [`// ${id}`] });
        expect((await set(2)).change).to.equal(undefined);
        await socket.request({ id: 3, method: "GetAppLayout", handle: 1 });
        expect((await set(4)).change).to.deep.equal([1]);
        expect((await set(5)).change).to.equal(undefined);
        const closing = await socket.request({ id: 6, method: "DeleteApp", handle: -1, params: [app] });
        expect(closing.close).to.deep.equal([1]);
        expect((await set(7)).error?.code).to.equal(-32602);
    });

    it("offer the few things that clients ask first", async () => {
        await start();
        const { global } = await connect(engine);
        expect((await global.engineVersion()).qComponentVersion).to.equal("12.160.0");
        expect(await global.getAuthenticatedUser()).to.equal("UserDirectory=Personal; UserId=Me");
        expect(await global.allowCreateApp()).to.equal(true);
        expect(await global.getUniqueID()).to.match(/^[0-9a-f-]{36}$/);
        expect(await refusal(global.productVersion())).to.include({ code: -32601, message: "Method not found" });
        expect(await refusal(global.createApp(""))).to.include({ code: 1001 });
    });

    it("show on all health paths, in the real engine's members and in ours", async () => {
        await start();
        await RawSocket.open(engine, "/app/a");
        for (const path of ["/health", "/healthcheck", "/healthcheck/", "/engine/healthcheck"]) {
            const state = await health(engine, path);
            expect(state, path).to.include({ version: "12.160.0" });
            expect(state.session).to.deep.equal({ active: 1, total: 1 });
            expect(state.mem.free).to.be.greaterThan(0);
            expect(state.standIn.name).to.match(/stand-in/);
            expect(state.sync).to.deep.equal({ eventBus: "off", documents: 0, rules: "off" });
        }
        for (const path of ["/else", "//", "/health/x"]) {
            expect((await fetch(engine.url.replace("ws:", "http:") + path)).status, path).to.equal(404);
        }
    });

    it("are closed with 1001 on SIGTERM, after which the engine exits with 0 at once", async () => {
        await start();
        const socket = await RawSocket.open(engine, "/app/a");
        const asked = Date.now();
        expect(await engine.stop()).to.equal(0);
        expect(Date.now() - asked).to.be.lessThan(3_000);
        await until("the socket is closed", () => socket.closeCode === 1001);
    });
});
