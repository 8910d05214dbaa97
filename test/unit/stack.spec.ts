import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { createRequire } from "node:module";
import {
    all,
    inputsOf,
    installMocks,
    podTemplates,
    readyOrder,
    settled,
    unwrapSecret,
    valueOf,
    withoutSecrets,
} from "./mocks";
import { configure } from "./stackConfig";

type Outputs = Record<"namespace" | "engine1Url" | "engine2Url", pulumi.Output<string>>;

const check = "hostPath /data/docs is writable for 1910:1910";

const load = createRequire(__filename);

/** Runs the program as `pulumi up` would, from the start. */
async function runProgram(...config: Parameters<typeof configure>): Promise<Outputs> {
    await installMocks();
    configure(...config);
    delete load.cache[load.resolve("../../index")];
    const outputs = load("../../index") as Outputs;
    await Promise.all(Object.values(outputs).map(valueOf));
    await settled();
    return outputs;
}

describe("the stack", () => {
    before(() =>
        runProgram(
            { brokerUsername: "sync", dockerHubUsername: "someone", dockerHubEmail: "someone@example.com" },
            { brokerPassword: "hunter2", dockerHubPassword: "hunter3" },
        ),
    );

    it("is made of these parts", () => {
        const own = all().filter(({ custom }) => !custom);
        expect(own.map(({ type, name }) => `${type} ${name}`)).to.have.members([
            "document-sync:index:PullSecret dockerhub",
            "document-sync:index:DocumentStorage documents",
            "document-sync:index:Broker broker",
            "document-sync:index:EnginePair engines",
            "document-sync:index:Engine engine1",
            "document-sync:index:Engine engine2",
        ]);
    });

    it("has a namespace of its own, where Pod Security restricted is enforced and warned of", () => {
        expect(inputsOf("Namespace", "document-sync-test").metadata.labels).to.include({
            "pod-security.kubernetes.io/enforce": "restricted",
            "pod-security.kubernetes.io/warn": "restricted",
        });
        const elsewhere = all().filter(
            ({ type, custom, inputs }) =>
                custom &&
                type.startsWith("kubernetes:") &&
                !/:(Namespace|PersistentVolume)$/.test(type) &&
                (inputs as { metadata: { namespace?: string } }).metadata.namespace !== "document-sync-test-autonamed",
        );
        expect(elsewhere).to.deep.equal([]);
    });

    it("labels each of its objects and pods with its name, so that they are found without a list of kinds", () => {
        const labelled = { "app.kubernetes.io/part-of": "document-sync", "document-sync/stack": "test" };
        const objects = all().filter(({ custom, type }) => custom && type.startsWith("kubernetes:"));
        expect(objects).to.have.length.greaterThan(10);
        for (const { name, type, inputs } of objects) {
            const { metadata } = inputs as { metadata?: { labels?: Record<string, string> } };
            expect(metadata?.labels, `${type} ${name}`).to.include(labelled);
        }
        for (const [name, { metadata }] of podTemplates()) expect(metadata.labels, name).to.include(labelled);
    });

    it("has pods that pass Pod Security restricted and know nothing of the cluster's API", () => {
        const templates = podTemplates();
        expect([...templates.keys()]).to.have.members(["documents-image", check, "broker", "engine1", "engine2"]);
        for (const [name, { spec }] of templates) {
            expect(spec, name).to.include({ automountServiceAccountToken: false, enableServiceLinks: false });
            expect(spec.securityContext, name).to.deep.include({
                runAsNonRoot: true,
                seccompProfile: { type: "RuntimeDefault" },
            });
            expect((spec.securityContext as { runAsUser: number }).runAsUser, name).to.be.above(0);
            for (const container of spec.containers) {
                expect(container.securityContext, name).to.deep.equal({
                    allowPrivilegeEscalation: false,
                    readOnlyRootFilesystem: true,
                    capabilities: { drop: ["ALL"] },
                });
                expect(container.imagePullPolicy, name).to.equal("IfNotPresent");
                expect(container.resources, name).to.have.nested.property("limits.memory");
                for (const variable of container.env ?? []) {
                    // Text that stands there: nothing from a Secret, and no secret.
                    expect(variable, name).to.have.all.keys("name", "value");
                    expect(variable.value, name).to.be.a("string");
                }
            }
        }
    });

    it("starts engines when the broker is up and the documents' directory was written to", () => {
        const order = readyOrder();
        const at = (resource: string) => {
            expect(order).to.include(resource);
            return order.indexOf(resource);
        };
        for (const engine of ["engine1", "engine2"]) {
            const ready = at(`kubernetes:apps/v1:Deployment ${engine}`);
            expect(ready).to.be.above(at("kubernetes:apps/v1:StatefulSet broker"));
            expect(ready).to.be.above(at(`kubernetes:batch/v1:Job ${check}`));
        }
    });

    it("gives both engines the same documents, rules and broker", () => {
        const withoutName = (engine: string) =>
            JSON.stringify(podTemplates().get(engine)!.spec).replaceAll(engine, "engine");
        expect(withoutName("engine1")).to.equal(withoutName("engine2"));
    });

    it("has passwords in Secrets only, and there as secrets", () => {
        for (const { type, name, inputs } of all()) {
            expect(withoutSecrets(inputs), `${type} ${name}`).not.to.match(/hunter|aHVudGVy/);
        }
        const holders = all().filter(({ inputs }) => /hunter/.test(JSON.stringify(inputs)));
        const kubernetes = holders.filter(({ custom }) => custom).map(({ type, name }) => `${type} ${name}`);
        expect(kubernetes).to.have.members([
            "kubernetes:core/v1:Secret broker-login",
            "kubernetes:core/v1:Secret dockerhub",
        ]);
    });

    it("puts out the engines' URLs and the namespace, and nothing secret", async () => {
        const outputs = await runProgram();
        expect(outputs).to.have.all.keys("namespace", "engine1Url", "engine2Url");
        expect(await valueOf(outputs.namespace)).to.equal("document-sync-test-autonamed");
        expect(await valueOf(outputs.engine1Url)).to.equal("ws://127.0.0.1:31999");
        for (const output of Object.values(outputs)) {
            expect(await pulumi.isSecret(output)).to.equal(false);
        }
    });

    it("answers at the ports of the node that are given, or inside the cluster only", async () => {
        const fixed = await runProgram({ nodeHost: "2001:db8::7", engine1NodePort: 30761, engine2NodePort: 30762 });
        expect(await valueOf(fixed.engine1Url)).to.equal("ws://[2001:db8::7]:30761");
        expect(await valueOf(fixed.engine2Url)).to.equal("ws://[2001:db8::7]:30762");

        const inside = await runProgram({ exposure: "clusterIP" });
        expect(await valueOf(inside.engine1Url)).to.equal("ws://engine1.document-sync-test-autonamed.svc:9076");
        expect(await valueOf(inside.engine2Url)).to.equal("ws://engine2.document-sync-test-autonamed.svc:9076");
    });

    it("has the broker's login that is asked for", async () => {
        const loginOf = async (...config: Parameters<typeof configure>) => {
            await runProgram(...config);
            const { username, password } = unwrapSecret(inputsOf("Secret", "broker-login").stringData) as Record<
                string,
                string
            >;
            return [username, password];
        };
        expect(await loginOf()).to.deep.equal(["engine", "made-at-random"]);
        expect(await loginOf({ brokerLogin: "guest" })).to.deep.equal(["guest", "guest"]);
        expect(await loginOf({ brokerUsername: "sync" }, { brokerPassword: "hunter2" })).to.deep.equal([
            "sync",
            "hunter2",
        ]);
    });

    it("has no pull secret where no login at Docker Hub is given", async () => {
        await runProgram();
        expect(all().filter(({ name }) => name === "dockerhub")).to.deep.equal([]);
        for (const [name, { spec }] of podTemplates()) {
            expect(spec.imagePullSecrets, name).to.deep.equal([]);
        }
    });

    it("waits for what it starts as long as it is told to", async () => {
        await runProgram({ timeoutSeconds: 77 });
        // customTimeouts don't reach mocks; what they are made of does, in the components' inputs.
        const told = all().filter(({ inputs }) => (inputs as { timeoutSeconds?: number }).timeoutSeconds === 77);
        expect(told.map(({ name }) => name)).to.have.members(["documents", "broker", "engines", "engine1", "engine2"]);
    });

    it("registers nothing when a setting is refused", async () => {
        const refusal: unknown = await runProgram({ acceptEula: false }).catch((error: unknown) => error);
        expect(pulumi.RunError.isInstance(refusal), String(refusal)).to.equal(true);
        expect(all()).to.deep.equal([]);
    });
});
