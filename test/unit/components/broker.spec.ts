import { createHash } from "node:crypto";
import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import { Broker } from "../../../components/broker";
import { inputsOf, installMocks, mountedAt, settled, unwrapSecret, valueOf } from "../mocks";

const args = { namespace: "ns", image: "rabbitmq:4", clientName: "qix-engine", pullSecrets: [], timeoutSeconds: 300 };

/** What tests look at of the definitions that the broker imports. */
interface Definitions {
    readonly users: { name: string; password_hash: string; hashing_algorithm: string; tags: string[] }[];
    readonly permissions: { user: string; vhost: string; configure: string; write: string; read: string }[];
    readonly exchanges: { name: string; type: string; durable: boolean }[];
    readonly policies: { pattern: string; "apply-to": string; definition: Record<string, number> }[];
}

const loginOf = (name: string) =>
    unwrapSecret(inputsOf("Secret", `${name}-login`).stringData) as Record<string, string>;
const definitionsOf = (name: string) => JSON.parse(loginOf(name)["definitions.json"]) as Definitions;

describe("Broker", () => {
    let broker: Broker;

    beforeEach(async () => {
        await installMocks();
        broker = new Broker("broker", args);
        await settled(broker);
    });

    it("is one RabbitMQ under the name that engines know", async () => {
        const { spec } = inputsOf("StatefulSet", "broker");
        const service = inputsOf("Service", "broker");
        expect(spec).to.include({ replicas: 1, serviceName: "rabbitmq" });
        expect(service.metadata.name).to.equal("rabbitmq");
        expect(service.spec.clusterIP).to.equal("None");
        expect(spec.template.metadata.labels).to.include(service.spec.selector);
        expect(spec.selector.matchLabels).to.deep.equal(service.spec.selector);
        expect(await valueOf(broker.address)).to.equal("rabbitmq:5672");
    });

    it("is ready when its port answers", () => {
        const [container] = inputsOf("StatefulSet", "broker").spec.template.spec.containers;
        expect(container.readinessProbe).to.deep.equal({
            tcpSocket: { port: "amqp" },
            periodSeconds: 1,
            timeoutSeconds: 5,
        });
        expect(container).not.to.have.property("livenessProbe");
    });

    it("keeps its files where a read-only root lets it", () => {
        const { template } = inputsOf("StatefulSet", "broker").spec;
        for (const path of ["/var/lib/rabbitmq", "/var/log/rabbitmq", "/tmp"]) {
            expect(mountedAt(template, path).volume, path).to.have.property("emptyDir");
        }
    });

    it("makes a login, and keeps it out of all but its Secret", () => {
        const data = loginOf("broker");
        expect(data).to.have.keys("username", "password", "definitions.json");
        expect(data).to.include({ username: "engine", password: "made-at-random" });
        expect(inputsOf("ConfigMap", "broker").data["broker.conf"]).not.to.match(/default_|guest/);
    });

    it("gives the broker a hash of the password, the same at each update", () => {
        const { users } = definitionsOf("broker");
        expect(users).to.have.length(1);
        expect(users[0]).to.include({ name: "engine", hashing_algorithm: "rabbit_password_hashing_sha256" });
        const hash = Buffer.from(users[0].password_hash, "base64");
        expect(hash.subarray(0, 4).toString("hex"), "the salt").to.equal("01020304");
        const salted = createHash("sha256").update(hash.subarray(0, 4)).update("made-at-random");
        expect(hash.subarray(4)).to.deep.equal(salted.digest());
        expect(loginOf("broker")["definitions.json"]).not.to.contain("made-at-random");
    });

    it("makes the exchange, and a user that may use it and make queues of its own", () => {
        const { users, permissions, exchanges } = definitionsOf("broker");
        expect(users[0].tags).to.deep.equal([]);
        expect(exchanges.map(({ name, type, durable }) => [name, type, durable])).to.deep.equal([
            ["document-sync.events", "topic", true],
        ]);
        const [{ configure, write, read, ...whose }] = permissions;
        expect(permissions).to.have.length(1);
        expect(whose).to.deep.equal({ user: "engine", vhost: "/" });
        const names = ["document-sync.events", "document-sync.engine.a.1", "document-sync.events.2", "amq.default", ""];
        const may = (pattern: string) => names.filter((name) => new RegExp(pattern).test(name));
        expect(may(configure)).to.deep.equal(["document-sync.engine.a.1"]);
        expect(may(write)).to.deep.equal(["document-sync.events", "document-sync.engine.a.1"]);
        expect(may(read)).to.deep.equal(may(write));
    });

    it("reads its configuration as files, and no password among them", () => {
        const { projected } = mountedAt(inputsOf("StatefulSet", "broker").spec.template, "/etc/rabbitmq/conf.d").volume;
        const secret = {
            name: "broker-login-autonamed",
            items: [{ key: "definitions.json", path: "definitions.json" }],
        };
        expect(projected).to.deep.equal({
            defaultMode: 0o440,
            sources: [
                { configMap: { name: "broker-autonamed", items: [{ key: "broker.conf", path: "10-broker.conf" }] } },
                { secret },
            ],
        });
    });

    it("takes no message that is longer than engines read, except where guest's may have any length", async () => {
        await installMocks();
        await settled(new Broker("open", { ...args, username: "guest", password: pulumi.secret("guest") }));
        await settled(new Broker("scoped", args));
        const conf = (name: string) => inputsOf("ConfigMap", name).data["broker.conf"];
        expect(conf("scoped")).to.match(/^max_message_size = 65536$/m);
        expect(conf("open")).not.to.contain("max_message_size");
    });

    it("keeps the ports of its one node to itself", () => {
        const [{ env, ports }] = inputsOf("StatefulSet", "broker").spec.template.spec.containers;
        expect(ports.map(({ name }) => name)).to.deep.equal(["amqp"]);
        expect(env.map(({ name, value }) => `${name}=${value}`)).to.deep.equal([
            "RABBITMQ_NODENAME=rabbit@localhost",
            "ERL_EPMD_ADDRESS=127.0.0.1",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}",
        ]);
    });

    it("is restarted by a new configuration", () => {
        expect(inputsOf("ConfigMap", "broker").immutable).to.equal(true);
    });

    it("takes connections from engines only, to AMQP only", () => {
        const { spec } = inputsOf("NetworkPolicy", "broker");
        expect(spec.podSelector.matchLabels).to.deep.equal(inputsOf("StatefulSet", "broker").spec.selector.matchLabels);
        expect(spec.policyTypes).to.deep.equal(["Ingress"]);
        expect(spec.ingress).to.deep.equal([
            {
                from: [{ podSelector: { matchLabels: { "app.kubernetes.io/name": "qix-engine" } } }],
                ports: [{ protocol: "TCP", port: 5672 }],
            },
        ]);
    });

    it("takes a login instead of making one", async () => {
        await installMocks();
        await settled(new Broker("given", { ...args, username: "sync", password: pulumi.secret("hunter2") }));
        expect(loginOf("given")).to.include({ username: "sync", password: "hunter2" });
        expect(definitionsOf("given").users.map(({ name }) => name)).to.deep.equal(["sync"]);
        expect(() => void inputsOf("RandomPassword", "given")).to.throw(/^0 resources/);
    });

    it("lets guest in from other hosts only where guest is the login, and then to names of its own choice", async () => {
        await installMocks();
        await settled(new Broker("open", { ...args, username: "guest", password: pulumi.secret("guest") }));
        expect(inputsOf("ConfigMap", "open").data["broker.conf"]).to.match(/^loopback_users\.guest = false$/m);
        const { users, permissions, policies } = definitionsOf("open");
        expect(users.map(({ name, tags }) => [name, tags])).to.deep.equal([["guest", []]]);
        expect(permissions).to.deep.equal([{ user: "guest", vhost: "/", configure: ".*", write: ".*", read: ".*" }]);
        // Whatever its queues are called, one that nobody reads must not fill the broker.
        expect(policies).to.have.length(1);
        expect(policies[0]).to.include({ pattern: ".*", "apply-to": "queues" });
        expect(policies[0].definition).to.deep.equal({ "max-length": 10_000, "max-length-bytes": 16 * 1024 * 1024 });
    });
});
