import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { readFileSync } from "node:fs";
import { readSettings } from "../../../config";
import { keys } from "../../../config/keys";
import { installMocks } from "../mocks";
import { configure, declared } from "../stackConfig";
import { accepted, refusal } from "./refusals";

const own = Object.entries(declared).filter(([key]) => !key.includes(":"));

describe("the settings", () => {
    before(installMocks);

    it("are the least that a stack must set, and defaults for the rest", () => {
        expect(accepted()).to.deep.equal({
            storage: { kind: "hostPath", path: "/data/docs", size: "5Gi" },
            engineImage: "example.com/engine:1",
            engineUser: { name: "engine", id: 1910 },
            brokerImage: "docker.io/library/rabbitmq:4.3",
            brokerLogin: { kind: "random" },
            allowRules: readFileSync("rules/allow.txt", "utf8"),
            denyRules: readFileSync("rules/deny.txt", "utf8"),
            dockerHub: undefined,
            exposure: { kind: "nodePort", host: "127.0.0.1", ports: [undefined, undefined] },
            timeoutSeconds: 300,
        });
    });

    it("are read of every key that Pulumi.yaml declares, and of no other", () => {
        expect(Object.keys(keys)).to.have.members(own.map(([key]) => key));
    });

    /** What each default of Pulumi.yaml is read as. */
    const defaults: Readonly<Record<string, unknown>> = {
        documentsSize: "5Gi",
        brokerImage: "docker.io/library/rabbitmq:4.3",
        brokerLogin: "random",
        brokerUsername: undefined,
        brokerPassword: undefined,
        allowRules: readFileSync("rules/allow.txt", "utf8"),
        denyRules: readFileSync("rules/deny.txt", "utf8"),
        dockerHubUsername: undefined,
        dockerHubPassword: undefined,
        dockerHubEmail: undefined,
        exposure: "nodePort",
        nodeHost: "127.0.0.1",
        engine1NodePort: undefined,
        engine2NodePort: undefined,
        timeoutSeconds: 300,
    };
    for (const [key, { default: value, type, description }] of own) {
        it(`have ${key} typed and described, with a default that is taken or none`, () => {
            expect(type).to.be.oneOf(["string", "integer", "boolean"]);
            expect(description).to.be.a("string").and.match(/\.$/);
            const { success, data } = keys[key as keyof typeof keys].safeParse(
                value === undefined ? value : String(value),
            );
            // The licence is accepted by whoever accepts it.
            expect(success).to.equal(value !== undefined && key !== "acceptEula");
            if (success) expect(data).to.equal(defaults[key]);
            else expect(defaults).not.to.have.property(key);
        });
    }

    it("have only known keys in the dev and the example stack", () => {
        for (const file of ["Pulumi.dev.yaml", "Pulumi.example.yaml"]) {
            // Commented-out keys of the example count too.
            const found = readFileSync(file, "utf8").matchAll(/^ *(?:# )?document-sync:(\w+):/gm);
            const names = Array.from(found, ([, key]) => key);
            expect(names, file).not.to.deep.equal([]);
            for (const key of names) expect(declared, `${file}: ${key}`).to.have.property(key);
        }
    });

    it("keep ConfigMaps changeable in place", () => {
        expect(declared["kubernetes:enableConfigMapMutable"]).to.deep.equal({ value: true });
    });

    it("are asked for by the command that sets them, where a stack has none", () => {
        for (const [key, { default: value }] of own) {
            const left = { [key]: undefined };
            if (value === "") accepted(left);
            else expect(refusal(left)).to.equal(`${key} is not set. Set it with \`pulumi config set ${key} <value>\`.`);
        }
    });
});

describe("all that is wrong", () => {
    before(installMocks);

    it("is said at once, a line each: unknown keys, known ones in their order, and what doesn't go together", () => {
        const message = refusal(
            {
                acceptEula: "yes",
                hostPath: "/etc",
                hostPth: "/data/docs",
                documentsSize: "0",
                engineImage: undefined,
                brokerUsername: "sync",
                brokerPassword: "hunter2",
                allowRules: "rules/none.txt",
                dockerHubUsername: "someone",
                exposure: "clusterIP",
                nodeHost: "node",
                engine1NodePort: 30761,
                timeoutSeconds: 0,
            },
            { replicas: "3" },
        );
        expect(message.split("\n")).to.deep.equal([
            "hostPth is not a configuration key. Did you mean hostPath?",
            "replicas is not a configuration key: Pulumi.yaml has all there are.",
            'acceptEula must be true, since engines run only for those who accept the licence of their image, and is "yes".',
            'hostPath must be a directory apart from the node\'s own /etc, as /data/docs, and is "/etc".',
            'documentsSize must be a Kubernetes quantity from 1Mi to 1Ei, as 5Gi, and is "0".',
            "engineImage is not set. Set it with `pulumi config set engineImage <value>`.",
            "brokerPassword is given in plain text: set it with `pulumi config set --secret brokerPassword`.",
            'allowRules must name a file that can be read (no such file or directory), and is "rules/none.txt".',
            'timeoutSeconds must be a whole number from 1 to 86400, and is "0".',
            'dockerHubUsername "someone" is given without dockerHubPassword and dockerHubEmail: give all, or none.',
            'exposure is clusterIP, which leaves no room for nodeHost "node" and engine1NodePort "30761": unset them, or exposure.',
        ]);
    });

    it("is no matter of other projects' keys", () => {
        configure();
        pulumi.runtime.setAllConfig({
            ...pulumi.runtime.allConfig(),
            "kubernetes:hostPth": "x",
            "document-sync2:x": "x",
        });
        readSettings();
    });

    it("is said without the value of a key that the stack has encrypted, whatever key that is", () => {
        expect(refusal({}, { hostPath: "hunter2" })).to.equal('hostPath must be an absolute path without "..".');
        expect(refusal({ engine2NodePort: 30761 }, { engine1NodePort: "30761" })).to.equal(
            'engine1NodePort and engine2NodePort "30761" must differ.',
        );
        expect(refusal({}, { brokerUsername: "hunter2" })).to.equal(
            "brokerUsername is given without brokerPassword: give both, or none.",
        );
    });
});

describe("a password in plain text", () => {
    before(installMocks);

    it("is refused before anything else is said of it", () => {
        const sentence = (key: string) =>
            `${key} is given in plain text: set it with \`pulumi config set --secret ${key}\`.`;
        expect(refusal({ brokerUsername: "sync", brokerPassword: "hunter2" })).to.equal(sentence("brokerPassword"));
        expect(refusal({ brokerUsername: "sync", brokerPassword: "hunter 2" })).to.equal(sentence("brokerPassword"));
        expect(
            refusal({
                dockerHubUsername: "me",
                dockerHubEmail: "a@b",
                dockerHubPassword: "hunter2",
                brokerPassword: "hunter2",
            }),
        ).to.equal(
            [
                sentence("brokerPassword"),
                sentence("dockerHubPassword"),
                "brokerPassword is given without brokerUsername: give both, or none.",
            ].join("\n"),
        );
    });
});
