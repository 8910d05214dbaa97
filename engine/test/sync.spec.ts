import { once } from "node:events";
import { writeFile } from "node:fs/promises";
import { type AddressInfo, type Server, type Socket, createServer } from "node:net";
import { join } from "node:path";
import { expect } from "chai";
import { Connection } from "rabbitmq-client";
import { DocumentStore } from "../src/documents/store";
import { TestBroker, password } from "./broker";
import { type EngineProcess, cleanUp, health, startEngine, temporaryDirectory } from "./engineProcess";
import { type DocApi, connect, listedIds as ids } from "./qixClient";
import { until } from "./until";

const load = "T: Load RecNo() as N Autogenerate 5;";

async function busState(engine: EngineProcess): Promise<string> {
    const { eventBus } = (await health(engine)).sync;
    return eventBus === "off" ? "off" : eventBus.state;
}

async function startConnected(documents: string, ...flags: string[]): Promise<EngineProcess> {
    const engine = await startEngine(documents, ...flags);
    await until("the engine is on the bus", async () => (await busState(engine)) === "connected");
    return engine;
}

/** How often a document's handle was in a `change` list that came by itself. */
function countChanges(app: DocApi): { readonly count: number } {
    const counter = { count: 0 };
    app.on("changed", () => counter.count++);
    return counter;
}

describe("two engines, one volume, one broker", function () {
    this.timeout(90_000);
    /** One for all tests: queues go with the engines that made them. A test that stops it starts it again. */
    let broker: TestBroker;
    let documents: string;

    before(async function () {
        if (process.getuid?.() !== 0) {
            // Without root the tests' RabbitMQ can't be run: it lives in a root file system of its own.
            this.skip();
        }
        broker = await TestBroker.create();
        await broker.start();
    });
    beforeEach(async () => {
        documents = await temporaryDirectory();
    });
    afterEach(cleanUp);
    after(() => broker?.remove());

    /** Puts messages on the event bus as anyone could who may log in. */
    async function publish(...messages: (object | string)[]): Promise<void> {
        const rabbit = new Connection({ hostname: "127.0.0.1", port: broker.port, username: "engine", password });
        const publisher = rabbit.createPublisher({ confirm: true });
        for (const message of messages) {
            const body = typeof message === "string" ? message : JSON.stringify(message);
            await publisher.send({ exchange: "document-sync.events", routingKey: "test" }, body);
        }
        await publisher.close();
        await rabbit.close();
    }

    it("list each other's documents, show each other's saves to open sessions, and close what is deleted", async () => {
        const one = await startConnected(documents, ...broker.flags);
        const two = await startConnected(documents, ...broker.flags);
        const first = await connect(one);
        const second = await connect(two);
        const id = (await first.global.createApp("Shared")).qAppId;
        await until("it is listed by the other", async () => (await ids(two)).includes(id), 2);

        const app = await first.global.openDoc(id);
        await app.getAppLayout();
        const changes = countChanges(app);
        const other = await second.global.openDoc(id);
        await other.setScript(load);
        expect(await other.doReload()).to.equal(true);
        expect((await app.getAppLayout()).qLastReloadTime).to.equal("");
        expect(changes.count).to.equal(0);

        await other.doSave();
        await until("the open session is told", () => changes.count > 0, 2);
        expect(await app.getAppLayout()).to.deep.equal(await other.getAppLayout());
        const { qtr } = await app.getTablesAndKeys({}, {}, 0, false, false);
        expect(qtr[0]).to.include({ qName: "T", qNoOfRows: 5 });

        let closed = 0;
        app.on("closed", () => closed++);
        await second.global.deleteApp(id);
        await until("the open session is closed", () => closed === 1, 2);
        expect(await ids(one)).to.deep.equal([]);
    });

    it("keep working alone when the broker is killed, and catch up by themselves when it is back", async () => {
        const one = await startConnected(documents, ...broker.flags);
        const two = await startConnected(documents, ...broker.flags);
        const first = await connect(one);
        const deleted = (await first.global.createApp("Deleted meanwhile")).qAppId;
        const id = (await first.global.createApp("Shared")).qAppId;
        await until("both are listed by the other", async () => (await ids(two)).length === 2, 2);
        const app = await first.global.openDoc(id);
        const changes = countChanges(app);
        await broker.kill();
        for (const engine of [one, two]) {
            await until("the engine misses the broker", async () => (await busState(engine)) === "disconnected");
        }

        const second = await connect(two);
        const other = await second.global.openDoc(id);
        await other.setScript(load);
        await other.doReload();
        await other.doSave();
        const created = (await second.global.createApp("Created meanwhile")).qAppId;
        await second.global.deleteApp(deleted);
        expect(await ids(two)).to.have.members([id, created]);
        // Long enough for the broker's way many times over, so that silence means that there is no other way.
        await new Promise((resolve) => setTimeout(resolve, 1_000));
        expect(changes.count).to.equal(0);
        expect((await app.getAppLayout()).qLastReloadTime).to.equal("");
        expect(await ids(one)).to.have.members([deleted, id]);

        await broker.start();
        await until("the open session is told", () => changes.count > 0, 10);
        expect(await app.getAppLayout()).to.deep.equal(await other.getAppLayout());
        expect(await ids(one)).to.have.members([id, created]);
        await until("both are connected", async () => (await busState(one)) === (await busState(two)), 10);
        const later = (await first.global.createApp("Later")).qAppId;
        await until("events flow as before", async () => (await ids(two)).includes(later), 5);
    });

    it("start without a broker, and find it when it comes", async () => {
        await broker.kill();
        const one = await startEngine(documents, ...broker.flags);
        const two = await startEngine(documents, ...broker.flags);
        const id = (await (await connect(one)).global.createApp("Alone")).qAppId;
        expect(await busState(one)).to.equal("disconnected");
        const { eventBus } = (await health(one)).sync;
        expect(eventBus)
            .to.have.property("lastError")
            .that.matches(/ECONNREFUSED/);
        await until("the log says so", () =>
            one.log.some(({ message }) => /No event bus at 127\.0\.0\.1/.test(message)),
        );
        await broker.start();
        await until("the other has found it", async () => (await ids(two)).includes(id), 10);
    });

    it("learn of the last save of an engine that died before it could tell, when it is back", async () => {
        const two = await startConnected(documents, ...broker.flags);
        const silent = await startEngine(documents);
        const id = (await (await connect(silent)).global.createApp("Untold")).qAppId;
        await silent.kill();
        expect(await ids(two)).to.deep.equal([]);
        await startConnected(documents, ...broker.flags);
        await until("the other has looked at the volume", async () => (await ids(two)).includes(id), 5);
    });

    it("keep unsaved changes when the other saves, and are refused when they save them", async () => {
        const one = await startConnected(documents, ...broker.flags);
        const two = await startConnected(documents, ...broker.flags);
        const first = await connect(one);
        const id = (await first.global.createApp("Contended")).qAppId;
        const app = await first.global.openDoc(id);
        await app.setScript("// mine, unsaved");
        const other = await (await connect(two)).global.openDoc(id);
        await other.setScript("// theirs, saved");
        await other.doSave();
        await until("engine 1 knows", () =>
            one.log.some((line) => /while it has unsaved changes here/.test(line.message)),
        );

        expect(await app.getScript()).to.equal("// mine, unsaved");
        const outcome = await app.doSave().catch((error: Error & { code: number }) => error.code);
        expect(outcome).to.equal(1005);
        expect(await app.getScript()).to.equal("// mine, unsaved");
        await first.close();
        await until("the session ended", async () => (await health(one)).session.active === 0);
        expect(await (await (await connect(one)).global.openDoc(id)).getScript()).to.equal("// theirs, saved");
    });

    it("take events that come twice, and messages that are none, for what they are", async () => {
        const two = await startConnected(documents, ...broker.flags);
        const silent = await connect(await startEngine(documents));
        const id = (await silent.global.createApp("Announced by hand")).qAppId;
        const app = await (await connect(two)).global.openDoc(id);
        const changes = countChanges(app);
        const theirs = await silent.global.openDoc(id);
        await theirs.setScript("// 2");
        await theirs.doSave();
        const event = { specversion: "1.0", source: "test", type: "com.qlik.v1.app.updated", subject: id };
        const data = { version: 2, size: 1, sha256: await sha256OfVersion(documents, id, 2) };
        const bad = [
            {},
            { ...event, data: {} },
            { ...event, subject: "../../etc", data },
            { ...event, type: "x", data },
        ];
        await publish("no json", ...bad, { ...event, data }, { ...event, data }, { ...event, data });
        await until("the open session is told", () => changes.count > 0);
        expect(await ids(two)).to.deep.equal([id]);
        expect(changes.count).to.equal(1);
        expect(await app.getScript()).to.equal("// 2");
        expect(two.log.filter((line) => line.logseverity === "ERROR")).to.deep.equal([]);
    });

    it("believe the volume and not an event that says that a document is deleted", async () => {
        const one = await startConnected(documents, ...broker.flags);
        const silent = await connect(await startEngine(documents));
        const session = await connect(one);
        const id = (await session.global.createApp("Still there")).qAppId;
        const app = await session.global.openDoc(id);
        await app.setScript("// unsaved");
        let closed = 0;
        app.on("closed", () => closed++);
        const marker = (await silent.global.createApp("Comes after it")).qAppId;
        const event = { specversion: "1.0", source: "test" };
        const data = { version: 1, size: 1, sha256: await sha256OfVersion(documents, marker, 1) };
        await publish(
            { ...event, type: "com.qlik.v1.app.deleted", subject: id },
            { ...event, type: "com.qlik.v1.app.created", subject: marker, data },
        );
        await until("what was announced after it is listed", async () => (await ids(one)).includes(marker));
        expect(await ids(one)).to.have.members([id, marker]);
        expect(closed).to.equal(0);
        expect(await app.getScript()).to.equal("// unsaved");

        await silent.global.deleteApp(id);
        await until("it is closed when the volume shows it gone", () => closed === 1);
        expect(await ids(one)).to.deep.equal([marker]);
    });

    it("come back after the broker refused the login, with the login as it is by then", async () => {
        const login = await temporaryDirectory();
        await writeFile(join(login, "username"), "engine");
        await writeFile(join(login, "password"), "wrong");
        const flags = broker.flags.map((flag) => flag.replace(broker.loginDirectory, login));
        const engine = await startEngine(documents, ...flags);
        const refused = () => engine.log.some((line) => /No event bus.*(ACCESS_REFUSED|refused)/i.test(line.message));
        await until("the login is refused", refused);
        await writeFile(join(login, "password"), password);
        await until("the new login is used", async () => (await busState(engine)) === "connected");
        const output = engine.log.map((line) => line.message).join("\n") + JSON.stringify(await health(engine));
        expect(output).not.to.include(password);
    });

    it("tell each other that the rules have changed, and each takes them from its own files", async () => {
        const rules = [await temporaryDirectory(), await temporaryDirectory()].map((path) => join(path, "allow.txt"));
        const all = ["node", "App", "App.Object"].map(
            (type) => `resource.resourcetype = "${type}" and resource.actions="*"`,
        );
        await Promise.all(rules.map((path) => writeFile(path, all.join("\n"))));
        const [one, two] = (await Promise.all(
            rules.map((path) =>
                startConnected(documents, "EnableABAC=1", `SystemAllowRulePath=${path}`, ...broker.flags),
            ),
        )) as [EngineProcess, EngineProcess];
        const id = (await (await connect(one)).global.createApp("Ruled")).qAppId;
        await until("both list it", async () => (await ids(two)).includes(id));

        await writeFile(rules[0]!, 'resource.resourcetype = "node" and resource.actions="*"');
        await until("engine 1 has the new rules", async () => (await ids(one)).length === 0);
        const expecting = () => two.log.some((line) => /Another engine has new rules/.test(line.message));
        await until("engine 2 was told", expecting);
        expect(await ids(two), "an announcement alone changes nothing").to.deep.equal([id]);
        await writeFile(rules[1]!, 'resource.resourcetype = "node" and resource.actions="*"');
        await until("engine 2 has them too", async () => (await ids(two)).length === 0, 1);
    });
});

describe("an engine whose RabbitHost is no broker", function () {
    this.timeout(30_000);
    const listening: Server[] = [];
    afterEach(async () => {
        await cleanUp();
        // A server that is left listening keeps mocha from ending.
        listening.splice(0).forEach((peer) => peer.close());
    });

    const peers: Record<string, (socket: Socket) => void> = {
        "answers in another protocol": (socket) => socket.end("HTTP/1.1 400 Bad Request\r\n\r\n"),
        "answers in another protocol and stays": (socket) => socket.write("HTTP/1.1 400 Bad Request\r\n\r\n"),
        "hangs up at once": (socket) => socket.destroy(),
        "never answers": () => undefined,
    };
    const worksOn = async ([what, behave]: [string, (socket: Socket) => void]) => {
        let attempts = 0;
        const peer = createServer((socket) => {
            attempts++;
            socket.on("error", () => undefined);
            behave(socket);
        }).listen(0, "127.0.0.1");
        listening.push(peer);
        await once(peer, "listening");
        const { port } = peer.address() as AddressInfo;
        const flags = ["UseEventBus=1", `RabbitHost=127.0.0.1:${port}`];
        const engine = await startEngine(await temporaryDirectory(), ...flags);
        await until(`it has tried three times a peer that ${what}`, () => attempts >= 3, 15);
        expect((await (await connect(engine)).global.createApp("A")).qSuccess, what).to.equal(true);
        expect((await health(engine)).sync.eventBus, what).to.have.property("state", "disconnected");
        expect(await engine.stop(), what).to.equal(0);
    };

    it("works on, and tries again, whatever answers there", async () => {
        // Side by side, because each attempt may take its three seconds.
        await Promise.all(Object.entries(peers).map(worksOn));
    });
});

async function sha256OfVersion(documents: string, id: string, version: number): Promise<string> {
    const newest = await new DocumentStore(documents).readNewest(id);
    expect(newest.version).to.equal(version);
    return newest.sha256;
}
