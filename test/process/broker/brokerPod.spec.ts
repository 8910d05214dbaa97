import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Connection } from "rabbitmq-client";
import { until } from "../../../engine/test/until";
import { BrokerPod, socketsOf, tree } from "./brokerPod";

const exchange = "document-sync.events";
const queue = "document-sync.engine.pod.1";

describe("the broker's pod", function () {
    this.timeout(300_000);

    const directory = mkdtempSync(join(tmpdir(), "broker-pod-test-"));
    const connections: Connection[] = [];
    let pod: BrokerPod;

    before(async function () {
        if (process.getuid?.() !== 0) {
            // It takes mounts and another user.
            this.skip();
        }
        pod = await BrokerPod.start(directory);
    });
    after(async () => {
        // They would try again for ever.
        connections.forEach((connection) => connection.unsafeDestroy());
        await pod?.stop();
        rmSync(directory, { recursive: true, force: true });
    });

    /** One that has been let in. */
    async function connect(username = pod.username, password = pod.password): Promise<Connection> {
        const connection = new Connection({ hostname: "127.0.0.1", port: pod.port, username, password });
        connections.push(connection);
        await new Promise((resolve, reject) => connection.once("connection", resolve).once("error", reject));
        return connection;
    }

    /** The broker's word for why not, or "done". */
    const outcome = (work: Promise<unknown>) =>
        work.then(
            () => "done",
            (error: { code?: string }) => error.code,
        );

    it("lets the engines' login do what engines do", async () => {
        const connection = await connect();
        const received: unknown[] = [];
        const channel = await connection.acquire();
        await channel.exchangeDeclare({ exchange, passive: true });
        await channel.queueDeclare({ queue, exclusive: true, autoDelete: true });
        await channel.queueBind({ exchange, queue, routingKey: "#" });
        await channel.basicConsume({ queue, noAck: true }, ({ body }) => received.push(body));
        const publisher = connection.createPublisher({ confirm: true });
        await publisher.send({ exchange, routingKey: "any" }, "hello");
        // The broker confirms what the queue has, which is not yet what its consumer has.
        await until("it is delivered", () => received.length > 0, 30);
        expect(received).to.deep.equal(["hello"]);
        await publisher.close();
    });

    it("lets it do nothing else", async () => {
        const connection = await connect();
        const other = "of-somebody-else";
        const attempts = {
            "delete the exchange": () => connection.exchangeDelete({ exchange }),
            "declare the exchange": () => connection.exchangeDeclare({ exchange, type: "topic", durable: true }),
            "make another exchange": () => connection.exchangeDeclare({ exchange: other, type: "topic" }),
            "make an exchange of a similar name": () =>
                connection.exchangeDeclare({ exchange: `${exchange}.2`, type: "topic" }),
            "make another queue": () => connection.queueDeclare({ queue: other }),
            "make a queue of a similar name": () => connection.queueDeclare({ queue: "document-sync-engine.1" }),
            "put into a queue directly": async () => {
                const publisher = connection.createPublisher({ confirm: true });
                await publisher.send({ routingKey: queue }, "hello");
            },
        };
        for (const [what, attempt] of Object.entries(attempts)) {
            expect(await outcome(attempt()), what).to.equal("ACCESS_REFUSED");
        }
        const engine = await connect();
        const others = `${queue}.other`;
        await engine.queueDeclare({ queue: others, exclusive: true });
        expect(await outcome(connection.queueDelete({ queue: others })), "delete another engine's queue").to.equal(
            "RESOURCE_LOCKED",
        );
        expect(await outcome(connection.exchangeDeclare({ exchange, passive: true })), "it is still there").to.equal(
            "done",
        );
    });

    it("keeps ten thousand messages of a queue that nobody reads, the newest", async () => {
        const connection = await connect();
        const unread = `${queue}.unread`;
        await connection.queueDeclare({ queue: unread, durable: true });
        await connection.queueBind({ exchange, queue: unread, routingKey: "#" });
        const publisher = connection.createPublisher({ confirm: true });
        await Promise.all(
            Array.from({ length: 10_100 }, (_, index) => publisher.send({ exchange, routingKey: "any" }, `${index}`)),
        );
        const first = await connection.basicGet({ queue: unread, noAck: true });
        expect(first).to.deep.include({ messageCount: 9_999, body: "100" });
        expect(await outcome(connection.queueDelete({ queue: unread }))).to.equal("done");
        await publisher.close();
    });

    it("has no other user, and no administrator", async () => {
        expect(await outcome(connect("guest", "guest"))).to.equal("ACCESS_REFUSED");
        expect(await pod.exec("rabbitmqctl --quiet --silent list_users")).to.equal("engine\t[]");
    });

    it("shows the password to nobody: it has a hash alone", async () => {
        expect(pod.password).to.equal("made-at-random");
        expect(pod.log).not.to.contain(pod.password);
        const found = await pod.exec(`grep -rlF ${pod.password} /etc/rabbitmq /var/lib/rabbitmq /var/log/rabbitmq`);
        // 1: grep has read everything and found nothing.
        expect(found).to.equal("exit code 1");
    });

    it("listens for other nodes and their tools on loopback alone", () => {
        const listening = pod.listening();
        const portsOf = (addresses: readonly string[]) =>
            addresses.map((address) => parseInt(address.split(":")[1], 16));
        expect(portsOf(listening)).to.include.members([...pod.nodePorts, pod.port]);
        const loopback = /^(0100007F|00000000000000000000000001000000):/;
        expect(listening.filter((address) => !loopback.test(address))).to.deep.equal([]);
    });

    it("is looked at while processes of it end", () => {
        const { pid } = spawnSync("true");
        expect(tree(pid)).to.deep.equal([pid]);
        expect(socketsOf(pid)).to.deep.equal([]);
    });
});
