import { expect } from "chai";
import { createLogs } from "../../src/log";
import { EventBus } from "../../src/sync/eventBus";
import { TestBroker } from "../broker";
import { until } from "../until";

describe("the events of an engine whose broker is away", function () {
    this.timeout(60_000);
    let broker: TestBroker;
    let bus: EventBus;

    before(async function () {
        if (process.getuid?.() !== 0) {
            // Without root the tests' RabbitMQ can't be run: it lives in a root file system of its own.
            this.skip();
        }
        broker = await TestBroker.create();
    });
    beforeEach(() => {
        const { port, loginDirectory } = broker;
        const handlers = { onEvent: () => undefined, onConnected: () => undefined };
        bus = new EventBus(
            { host: "127.0.0.1", port, loginDirectory, echoTimeout: 5, pingInterval: 4 },
            createLogs({ system: 0, audit: 0 }).system,
            handlers,
        );
    });
    afterEach(() => bus?.stop());
    after(() => broker?.remove());

    const deleteDocuments = (count: number) => {
        for (let document = 0; document < count; document++) {
            bus.publish({ type: "com.qlik.v1.app.deleted", subject: `${document}`, data: {} });
        }
    };

    it("are kept, up to a thousand", () => {
        deleteDocuments(1_000);
        expect(bus.status.unconfirmed).to.equal(1_000);
    });

    it("are dropped beyond that, and the others are asked to look at everything, with one message", async () => {
        deleteDocuments(1_001);
        expect(bus.status.unconfirmed).to.equal(1);
        await broker.start();
        bus.start();
        await until("all is told", () => bus.status.state === "connected" && bus.status.unconfirmed === 0, 20);
        expect(bus.status.published).to.equal(1);
    });
});
