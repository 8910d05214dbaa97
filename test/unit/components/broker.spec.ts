import { expect } from "chai";
import * as pulumi from "@pulumi/pulumi";
import { Broker } from "../../../components/broker";
import { inputsOf, installMocks, mountedAt, settled, unwrapSecret, valueOf } from "../mocks";

const args = { namespace: "ns", image: "rabbitmq:4", clientName: "qix-engine", pullSecrets: [], timeoutSeconds: 300 };

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
        const data = unwrapSecret(inputsOf("Secret", "broker-login").stringData) as Record<string, string>;
        expect(data).to.deep.equal({
            username: "engine",
            password: "made-at-random",
            "login.conf": "default_user = engine\ndefault_pass = made-at-random\n",
        });
        expect(inputsOf("ConfigMap", "broker").data["broker.conf"]).not.to.match(/default_|guest/);
    });

    it("reads its configuration as files, the login among them", () => {
        const { projected } = mountedAt(inputsOf("StatefulSet", "broker").spec.template, "/etc/rabbitmq/conf.d").volume;
        expect(projected).to.deep.equal({
            defaultMode: 0o440,
            sources: [
                { configMap: { name: "broker-autonamed", items: [{ key: "broker.conf", path: "10-broker.conf" }] } },
                { secret: { name: "broker-login-autonamed", items: [{ key: "login.conf", path: "20-login.conf" }] } },
            ],
        });
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
        const data = unwrapSecret(inputsOf("Secret", "given-login").stringData) as Record<string, string>;
        expect(data["login.conf"]).to.equal("default_user = sync\ndefault_pass = hunter2\n");
        expect(() => void inputsOf("RandomPassword", "given")).to.throw(/^0 resources/);
    });

    it("lets guest in from other hosts only where guest is the login", async () => {
        await installMocks();
        await settled(new Broker("open", { ...args, username: "guest", password: pulumi.secret("guest") }));
        const data = unwrapSecret(inputsOf("Secret", "open-login").stringData) as Record<string, string>;
        expect(data["login.conf"]).to.equal(
            "default_user = guest\ndefault_pass = guest\nloopback_users.guest = false\n",
        );
    });
});
