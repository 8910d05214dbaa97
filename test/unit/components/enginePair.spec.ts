import { expect } from "chai";
import { EnginePair } from "../../../components/enginePair";
import { inputsOf, installMocks, mountedAt, settled, valueOf } from "../mocks";

const args = {
    namespace: "ns",
    image: "engine:1",
    user: 1910,
    home: "/home/engine",
    claimName: "documents",
    allowRules: "allow",
    denyRules: "deny",
    brokerAddress: "rabbitmq:5672",
    brokerLoginName: "login",
    pullSecrets: ["dockerhub"],
    nodeHost: "192.0.2.1",
    engine1NodePort: 30761,
    timeoutSeconds: 300,
};

describe("EnginePair", () => {
    let pair: EnginePair;

    before(async () => {
        await installMocks();
        pair = new EnginePair("engines", args);
        await settled(pair);
    });

    for (const name of ["engine1", "engine2"]) {
        describe(name, () => {
            const deployment = () => inputsOf("Deployment", name);
            const pod = () => deployment().spec.template.spec;

            it("gets every flag of a pair in sync, each as two arguments", () => {
                expect(pod().containers[0].args).to.deep.equal(
                    [
                        "AcceptEULA=yes",
                        "EnableABAC=1",
                        "SystemAllowRulePath=/etc/config/allow.txt",
                        "SystemDenyRulePath=/etc/config/deny.txt",
                        "DocumentDirectory=/data/apps",
                        "Gen3=1",
                        "PersistenceMode=3",
                        "RabbitHost=rabbitmq:5672",
                        "UseEventBus=1",
                        "SystemLogVerbosity=4",
                    ].flatMap((setting) => ["-S", setting]),
                );
            });

            it("tells why it ended, if it does, to whoever waits for the update", () => {
                expect(pod().containers[0].terminationMessagePolicy).to.equal("FallbackToLogsOnError");
            });

            it("is ready when its health answers", () => {
                const [container] = pod().containers;
                expect(container.ports).to.deep.equal([
                    { name: "qix", containerPort: 9076 },
                    { name: "metrics", containerPort: 9090 },
                ]);
                expect(container.readinessProbe.httpGet).to.deep.equal({ path: "/health", port: "qix" });
            });

            it("is replaced within 3 minutes when it hangs, and not for being busy", () => {
                const { livenessProbe, startupProbe } = pod().containers[0];
                expect(livenessProbe.httpGet).to.deep.equal({ path: "/health", port: "qix" });
                const { periodSeconds, timeoutSeconds, failureThreshold, terminationGracePeriodSeconds } =
                    livenessProbe;
                // The first look may come a period after it hangs, and the last one waits for its whole time.
                const seconds = periodSeconds * failureThreshold + timeoutSeconds + terminationGracePeriodSeconds;
                expect(seconds).to.be.at.most(150);
                expect(periodSeconds * failureThreshold).to.be.at.least(120);
                // As long as an engine may need to list the documents of a slow volume.
                expect(startupProbe.httpGet).to.deep.equal(livenessProbe.httpGet);
                expect(startupProbe.periodSeconds * startupProbe.failureThreshold).to.equal(3_600);
            });

            it("shares documents and rules, and has storage of its own", () => {
                const at = (path: string) => mountedAt(deployment().spec.template, path);
                expect(at("/data/apps").volume.persistentVolumeClaim).to.deep.equal({ claimName: "documents" });
                expect(at("/etc/config").volume.configMap).to.deep.equal({ name: "engines-rules-autonamed" });
                // A subPath would never see a changed file.
                expect(at("/etc/config").mount).not.to.have.property("subPath");
                expect(at("/home/engine/Qlik/Sense").volume).to.have.property("emptyDir");
                expect(at("/tmp").volume).to.have.property("emptyDir");
            });

            it("reads the broker's login from files that its user can read", () => {
                const { volume } = mountedAt(deployment().spec.template, "/run/secrets/rabbitmq");
                expect(volume.secret).to.deep.equal({
                    secretName: "login",
                    defaultMode: 0o440,
                    items: [
                        { key: "username", path: "username" },
                        { key: "password", path: "password" },
                    ],
                });
                expect(pod().securityContext.fsGroup).to.equal(1910);
                expect(pod().containers[0]).not.to.have.property("env");
            });

            it("rolls out so that an update which is done means that it runs", () => {
                expect(deployment().spec).to.deep.include({ replicas: 1, strategy: { type: "RollingUpdate" } });
            });

            it("is pulled with the pull secret", () => {
                expect(pod().imagePullSecrets).to.deep.equal([{ name: "dockerhub" }]);
            });

            it("answers behind a Service of its own name, and of its pods only", () => {
                const service = inputsOf("Service", name);
                expect(service.metadata).to.deep.include({
                    namespace: "ns",
                    name,
                    annotations: { "pulumi.com/skipAwait": "true" },
                });
                expect(service.spec.selector).to.deep.equal(deployment().spec.selector.matchLabels);
                expect(deployment().spec.template.metadata.labels).to.include(service.spec.selector);
                const other = inputsOf("Deployment", name === "engine1" ? "engine2" : "engine1");
                expect(other.spec.template.metadata.labels).not.to.include(service.spec.selector);
            });
        });
    }

    it("keeps the rules in one ConfigMap", () => {
        expect(inputsOf("ConfigMap", "engines-rules").data).to.deep.equal({ "allow.txt": "allow", "deny.txt": "deny" });
    });

    it("has URLs with the node's host and the given port, else the one that the cluster chose", async () => {
        expect(inputsOf("Service", "engine1").spec.ports[0].nodePort).to.equal(30761);
        expect(inputsOf("Service", "engine2").spec.ports[0]).not.to.have.property("nodePort");
        expect(await valueOf(pair.engine1Url)).to.equal("ws://192.0.2.1:30761");
        expect(await valueOf(pair.engine2Url)).to.equal("ws://192.0.2.1:31999");
    });

    it("has the Services' own URLs where it is not exposed", async () => {
        await installMocks();
        const inside = new EnginePair("engines", { ...args, nodeHost: undefined, engine1NodePort: undefined });
        await settled(inside);
        expect(inputsOf("Service", "engine1").spec.type).to.equal("ClusterIP");
        expect(await valueOf(inside.engine1Url)).to.equal("ws://engine1.ns.svc:9076");
        expect(await valueOf(inside.engine2Url)).to.equal("ws://engine2.ns.svc:9076");
    });
});
