import { randomUUID } from "node:crypto";
import { cp, readFile, rm } from "node:fs/promises";
import { hostname } from "node:os";
import { join } from "node:path";
import { expect } from "chai";
import { Connection } from "rabbitmq-client";
import { TestBroker, password } from "../broker";
import { type EngineProcess, type Health, cleanUp, health, startEngine, temporaryDirectory } from "../engineProcess";
import { connect, listedIds as ids } from "../qixClient";
import { until } from "../until";

const exchange = "document-sync.events";
/** An engine that is quiet for a second says so, and waits no longer than needed for it to come back. */
const hasty = ["EventBusPingInterval=1", "EventBusEchoTimeout=2"];

/** One that says nothing by itself. */
const quiet = "EventBusPingInterval=600";

type Bus = Exclude<Health["sync"]["eventBus"], "off">;

async function bus(engine: EngineProcess): Promise<Bus> {
    const { eventBus } = (await health(engine)).sync;
    if (eventBus === "off") {
        throw new Error("The event bus is off.");
    }
    return eventBus;
}

const isConnected = async (engine: EngineProcess) => (await bus(engine)).state === "connected";

async function startConnected(documents: string, ...flags: string[]): Promise<EngineProcess> {
    const engine = await startEngine(documents, ...flags);
    await until("the engine is on the bus", () => isConnected(engine), 10);
    return engine;
}

async function create(engine: EngineProcess, title: string): Promise<string> {
    const { global, close } = await connect(engine);
    const { qAppId } = await global.createApp(title);
    await close();
    return qAppId;
}

/** Each lists all of these. @param seconds in which they must come to that. */
async function inSync(engines: readonly EngineProcess[], documents: readonly string[], seconds: number): Promise<void> {
    const lists = async () => {
        const all = await Promise.all(engines.map(ids));
        return all.every((list) => documents.every((id) => list.includes(id)));
    };
    await until(`${engines.length} engines list ${documents.length} documents`, lists, seconds);
}

/** Seconds of the processor that the engine has taken since its start, however busy the machine is. */
async function cpuSeconds({ child }: EngineProcess): Promise<number> {
    const columns = (await readFile(`/proc/${child.pid}/stat`, "utf8")).replace(/^.*\) /s, "").split(" ");
    const ticksPerSecond = 100;
    return (Number(columns[11]) + Number(columns[12])) / ticksPerSecond;
}

const complaints = (engine: EngineProcess, text: RegExp) =>
    engine.log.filter(({ message }) => text.test(message)).map(({ logseverity }) => logseverity);

describe("engines whose broker misbehaves while they are connected", function () {
    this.timeout(120_000);
    let broker: TestBroker;
    let operator: Connection;
    let documents: string;

    before(async function () {
        if (process.getuid?.() !== 0) {
            // Without root the tests' RabbitMQ can't be run: it lives in a root file system of its own.
            this.skip();
        }
        broker = await TestBroker.create();
        await broker.start();
        operator = new Connection({ hostname: "127.0.0.1", port: broker.port, username: "operator", password });
    });
    beforeEach(async () => {
        documents = await temporaryDirectory();
    });
    afterEach(async () => {
        await cleanUp();
        // As the broker's definitions have it.
        await operator?.exchangeDelete({ exchange });
        await makeExchange("topic");
    });
    after(async () => {
        operator?.unsafeDestroy();
        await broker?.remove();
    });

    const makeExchange = (type: string) => operator?.exchangeDeclare({ exchange, type, durable: true });

    describe("an exchange that was deleted", () => {
        it("is made again, and with nothing but pings both are in sync again within 10 s", async () => {
            const one = await startConnected(documents, ...broker.operatorFlags, ...hasty);
            const two = await startConnected(documents, ...broker.operatorFlags, ...hasty);
            await operator.exchangeDelete({ exchange });
            const apart = () => [one, two].some((engine) => complaints(engine, /^No event bus/).length > 0);
            await until("one of them has noticed", apart, 10);
            await until("both are connected", async () => (await isConnected(one)) && (await isConnected(two)), 10);
            await inSync([one, two], [await create(one, "A"), await create(two, "B")], 10);
        });

        it("is made again by who publishes first, and the other is in sync 10 s after it has published, too", async () => {
            const one = await startConnected(documents, ...broker.operatorFlags, quiet);
            const two = await startConnected(documents, ...broker.operatorFlags, quiet);
            await operator.exchangeDelete({ exchange });
            const first = await create(one, "A");
            await until("the first is connected again", () => isConnected(one), 10);
            await inSync([one, two], [first, await create(two, "B")], 10);
            const missed = /what this engine publishes does not come back within 5 s/;
            expect(complaints(two, missed), "the confirmation alone would not have told it").to.deep.equal(["WARN"]);
            await inSync([one, two], [await create(one, "C"), await create(two, "D")], 10);
        });

        it("is said once, where engines may not make it, and found again when somebody has", async () => {
            const one = await startConnected(documents, ...broker.flags, ...hasty);
            const two = await startConnected(documents, ...broker.flags, ...hasty);
            await operator.exchangeDelete({ exchange });
            for (const engine of [one, two]) {
                await until("it is not connected", async () => !(await isConnected(engine)), 10);
                const isTold = async () => /no exchange.*may not make it/.test((await bus(engine)).lastError ?? "");
                await until("health says why", isTold, 10);
            }
            const created = await create(one, "Alone");
            await makeExchange("topic");
            await inSync([one, two], [created], 20);
            expect(complaints(one, /there is no exchange document-sync\.events/)).to.deep.equal(["ERROR"]);
        });
    });

    it("are not connected to an exchange of another kind, say so once, and find the right one", async () => {
        const one = await startConnected(documents, ...broker.operatorFlags, ...hasty);
        const two = await startConnected(documents, ...broker.operatorFlags, ...hasty);
        await operator.exchangeDelete({ exchange });
        await makeExchange("direct");
        for (const engine of [one, two]) {
            await until("it is not connected", async () => !(await isConnected(engine)), 10);
            const isTold = async () => /none of the kind "topic"/.test((await bus(engine)).lastError ?? "");
            await until("health says why", isTold, 10);
        }
        const late = await startEngine(documents, ...broker.operatorFlags, ...hasty);
        const isTold = () => complaints(late, /none of the kind "topic"/).length > 0;
        await until("a new engine says why", isTold, 10);
        expect(complaints(late, /^Connected to the event bus/)).to.deep.equal([]);

        const created = await create(one, "Alone");
        await operator.exchangeDelete({ exchange });
        await inSync([one, two, late], [created], 30);
        for (const engine of [one, two, late]) {
            expect(complaints(engine, /none of the kind "topic"/)).to.deep.equal(["ERROR"]);
        }
    });

    it("say of such an exchange, where they may not ask of which kind it is, that nothing comes back through it", async () => {
        const one = await startConnected(documents, ...broker.flags, ...hasty);
        await operator.exchangeDelete({ exchange });
        await makeExchange("direct");
        const isTold = async () => /may not ask of which kind it is/.test((await bus(one)).lastError ?? "");
        await until("health says why", isTold, 20);
        const echo = /what this engine publishes does not come back within 2 s/;
        expect(complaints(one, echo), "another connection was tried before").to.deep.equal(["WARN"]);

        await operator.exchangeDelete({ exchange });
        await makeExchange("topic");
        await until("it is connected again", () => isConnected(one), 30);
        expect(complaints(one, /may not ask of which kind it is/)).to.deep.equal(["ERROR"]);
    });

    it("find out that one engine's queue has lost its binding when it publishes", async () => {
        const deaf = await startConnected(documents, ...broker.flags, quiet);
        await operator.exchangeDelete({ exchange });
        await makeExchange("topic");
        const one = await startConnected(documents, ...broker.flags, quiet);
        const unheard = await create(one, "Unheard");
        expect(await isConnected(deaf), "it can't know yet").to.equal(true);
        const began = Date.now();
        await inSync([one, deaf], [unheard, await create(deaf, "Published")], 10);
        // Not by chance: it took the time of an echo.
        expect(Date.now() - began).to.be.greaterThan(4_000);
    });

    it("know who else is on their broker, and who is on another", async () => {
        const one = await startConnected(documents, ...broker.flags, ...hasty);
        const two = await startConnected(documents, ...broker.flags, ...hasty);
        const other = await TestBroker.create();
        try {
            await other.start();
            const apart = await startConnected(documents, ...other.flags, ...hasty);
            const heardBy = async (engine: EngineProcess) => (await bus(engine)).engines.map(({ id }) => id);
            const [first, second] = [(await bus(one)).id, (await bus(two)).id];
            const know = async () => (await heardBy(one)).join() === second && (await heardBy(two)).join() === first;
            await until("the two know each other, and nobody else", know);
            expect((await bus(one)).engines[0]).to.include({ host: hostname() });
            expect(await heardBy(apart)).to.deep.equal([]);

            const before = Date.parse((await bus(one)).lastHeard!);
            const isLater = async () => Date.parse((await bus(one)).lastHeard!) > before;
            await until("quiet engines are heard", isLater);
            await two.kill();
            await until(
                "one that is gone is forgotten after three pings",
                async () => !(await heardBy(one)).length,
                10,
            );
        } finally {
            await other.remove();
        }
    });

    describe("5,000 messages of somebody who may publish", () => {
        async function publish(bodies: readonly (object | string)[]): Promise<void> {
            const publisher = operator.createPublisher({ confirm: true });
            const send = (body: object | string) =>
                publisher.send(
                    { exchange, routingKey: "forged" },
                    typeof body === "string" ? body : JSON.stringify(body),
                );
            // Some at a time, so that this process can look at the engine meanwhile.
            for (let from = 0; from < bodies.length; from += 100) {
                await Promise.all(bodies.slice(from, from + 100).map(send));
            }
            await publisher.close();
        }
        const forged = (type: string, data?: object) =>
            Array.from({ length: 5_000 }, () => ({
                ...{ specversion: "1.0", source: "forged", type, subject: randomUUID(), data },
            }));

        it("that tell of documents that there are not leave it ready, and the others answered", async () => {
            const one = await startConnected(documents, ...broker.flags);
            const two = await startConnected(documents, ...broker.flags);
            const { global } = await connect(one);
            const data = { version: 1, size: 1, sha256: "0".repeat(64) };
            const storm = [...forged("com.qlik.v1.app.deleted"), ...forged("com.qlik.v1.app.created", data)];
            let isOver = false;
            const raging = publish(storm).finally(() => (isOver = true));
            let slowest = 0;
            let real: string | undefined;
            while (!isOver) {
                const began = Date.now();
                await global.engineVersion();
                for (const { url } of [one, two]) {
                    expect((await fetch(url.replace("ws:", "http:") + "/health")).status).to.equal(200);
                }
                slowest = Math.max(slowest, Date.now() - began);
                real ??= await create(two, "Real");
            }
            await raging;
            // As long as readiness waits for an answer.
            expect(slowest, "milliseconds of the slowest answer").to.be.lessThan(5_000);
            let received = -1;
            const standsStill = async () => {
                const last = received;
                ({ received } = await bus(one));
                await new Promise((resolve) => setTimeout(resolve, 500));
                return received >= storm.length && received === last;
            };
            await until("it has received the last of them", standsStill, 30);
            const before = await cpuSeconds(one);
            await new Promise((resolve) => setTimeout(resolve, 3_000));
            // With a look for each of the 5,000, over and over, it was above 1.
            expect((await cpuSeconds(one)) - before, "seconds of the processor in 3 s").to.be.lessThan(0.4);
            await inSync([one, two], [real!], 10);
            expect(complaints(one, /./).filter((severity) => severity === "ERROR")).to.deep.equal([]);
        });

        it("that are junk cost one line", async () => {
            const one = await startConnected(documents, ...broker.flags);
            const before = one.log.length;
            await publish(Array.from({ length: 5_000 }, (_, index) => (index % 2 ? "no json" : { type: "x", index })));
            const marker = await create(await startEngine(documents), "Announced last");
            const [file] = (await readFile(join(documents, marker, "0000000001.syncdoc"), "latin1")).split("\n");
            const sha256 = /sha256=(\w+)/.exec(file ?? "")?.[1];
            await publish([
                { type: "com.qlik.v1.app.created", subject: marker, data: { version: 1, size: 1, sha256 } },
            ]);
            await until("what came after them is listed", async () => (await ids(one)).includes(marker), 20);
            const lines = one.log.slice(before).filter(({ logseverity }) => !/DEBUG|INFO/.test(logseverity));
            expect(lines.map(({ message }) => message)).to.deep.equal([
                "A message on the event bus was ignored: it is none that this engine knows.",
            ]);
        });
    });

    it("never see a message of JSON that is longer than 64 KiB: the broker closes its sender's channel", async () => {
        const one = await startConnected(documents, ...broker.flags);
        const two = await startConnected(documents, ...broker.flags);
        async function publish(bytes: number): Promise<string> {
            const channel = await operator.acquire({ emitErrorsFromChannel: true });
            channel.on("error", () => undefined);
            await channel.confirmSelect();
            const text = JSON.stringify("x".repeat(bytes - 2));
            const envelope = { exchange, routingKey: "any", contentType: "application/json" };
            const outcome = await channel.basicPublish(envelope, Buffer.from(text)).then(
                () => "taken",
                (error: Error & { code?: string }) => error.code ?? error.message,
            );
            await channel.close();
            return outcome;
        }
        // The client parses these itself, before the engine can ask how long they are.
        expect(await publish(64 * 1024)).to.equal("taken");
        expect(await publish(64 * 1024 + 1)).to.equal("PRECONDITION_FAILED");
        await inSync([one, two], [await create(one, "A"), await create(two, "B")], 10);
        for (const engine of [one, two]) {
            expect(await isConnected(engine)).to.equal(true);
            expect(complaints(engine, /^No event bus/)).to.deep.equal([]);
        }
    });

    describe("what is restored on the volume while they run", () => {
        const net = "CatchUpInterval=1";
        it("is seen again, if it was deleted", async () => {
            const one = await startConnected(documents, ...broker.flags, net);
            const two = await startConnected(documents, ...broker.flags, net);
            const id = await create(one, "Deleted by mistake");
            await inSync([one, two], [id], 5);
            const saved = await temporaryDirectory();
            await cp(join(documents, id), join(saved, id), { recursive: true });
            await (await connect(two)).global.deleteApp(id);
            const gone = async () => !(await ids(one)).includes(id) && !(await ids(two)).includes(id);
            await until("it is gone from both", gone);

            await cp(join(saved, id), join(documents, id), { recursive: true });
            for (const engine of [one, two]) {
                const app = await (await connect(engine)).global.openDoc(id);
                expect((await app.getAppLayout()).qTitle).to.equal("Deleted by mistake");
            }
            await inSync([one, two], [id], 10);
        });

        it("takes the place of later versions, but not of unsaved changes, which are refused", async () => {
            const one = await startConnected(documents, ...broker.flags, net);
            const two = await startConnected(documents, ...broker.flags, net);
            const id = await create(one, "Rolled back");
            const app = await (await connect(one)).global.openDoc(id);
            const first = await app.getScript();
            await app.setScript("// a mistake");
            await app.doSave();
            const changing = await (await connect(two)).global.openDoc(id);
            await changing.setScript("// made from the mistake");

            // A version keeps the one before it.
            await rm(join(documents, id, "0000000002.syncdoc"));
            await until("the open session shows what was restored", async () => (await app.getScript()) === first, 10);
            const saving = await changing.doSave().catch((error: Error & { code: number }) => error.code);
            expect(saving).to.equal(1005);
            expect(await changing.getScript()).to.equal("// made from the mistake");
            await app.setScript("// made from what was restored");
            await app.doSave();
            const again = await changing.doSave().catch((error: Error & { code: number }) => error.code);
            expect(again, "version 2 is another than the one that they were made from").to.equal(1005);
        });
    });
});
