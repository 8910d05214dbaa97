import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readSettings } from "../../config";
import { installMocks, valueOf } from "./mocks";
import { configure, declared } from "./stackConfig";

/** The sentence that the settings are refused with. */
function refusal(...config: Parameters<typeof configure>): string {
    configure(...config);
    try {
        readSettings();
    } catch (error) {
        // Pulumi prints a RunError as its sentence alone, anything else as a stack trace.
        expect(pulumi.RunError.isInstance(error), String(error)).to.equal(true);
        return (error as pulumi.RunError).message;
    }
    throw new Error("the settings were accepted");
}

describe("config", () => {
    const directory = mkdtempSync(join(tmpdir(), "config-spec-"));
    after(() => rmSync(directory, { recursive: true }));
    before(installMocks);

    it("reads the least that a stack must set, and defaults for the rest", () => {
        configure();
        expect(readSettings()).to.deep.equal({
            hostPath: "/data/docs",
            documentsSize: "5Gi",
            engineImage: "example.com/engine:1",
            engineUser: { name: "engine", id: 1910 },
            brokerImage: "docker.io/library/rabbitmq:4.3",
            allowRules: readFileSync("rules/allow.txt", "utf8"),
            denyRules: readFileSync("rules/deny.txt", "utf8"),
            dockerHub: undefined,
            nodeHost: "127.0.0.1",
            engine1NodePort: undefined,
            engine2NodePort: undefined,
            timeoutSeconds: 300,
        });
    });

    it("reads every key that Pulumi.yaml declares, and none that it doesn't", () => {
        const read = /const keys = \[([^\]]*)\]/.exec(readFileSync("config.ts", "utf8"))?.[1].match(/\w+/g);
        expect(read).to.have.members(Object.keys(declared).filter((key) => !key.includes(":")));
    });

    it("finds each key of Pulumi.yaml typed and described", () => {
        for (const [key, { type, description }] of Object.entries(declared).filter(([key]) => !key.includes(":"))) {
            expect(type, key).to.be.oneOf(["string", "integer", "boolean"]);
            expect(description, key).to.be.a("string").and.match(/\.$/);
        }
    });

    it("finds only known keys in the dev and the example stack", () => {
        const prefix = "document-sync:";
        for (const file of ["Pulumi.dev.yaml", "Pulumi.example.yaml"]) {
            // Commented-out keys of the example count too.
            const keys = readFileSync(file, "utf8").matchAll(/^ *(?:# )?document-sync:(\w+):/gm);
            for (const [, key] of keys) {
                expect(declared, `${file}: ${prefix}${key}`).to.have.property(key);
            }
        }
    });

    it("keeps ConfigMaps changeable in place", () => {
        expect(declared["kubernetes:enableConfigMapMutable"]).to.deep.equal({ value: true });
    });

    it("takes every form of an image's name", () => {
        const digest = `sha256:${"0123456789abcdef".repeat(4)}`;
        for (const engineImage of [
            "rabbitmq",
            "localhost/document-sync/engine:dev",
            "registry.example.com:5000/a/b_c__d-e.f:1.0_RC-1",
            `qlikcore/engine@${digest}`,
            `192.0.2.1:5000/engine:12.160.0@${digest}`,
        ]) {
            configure({ engineImage });
            expect(readSettings().engineImage).to.equal(engineImage);
        }
    });

    it("takes the engine's user from its version", () => {
        const userOf = (engineVersion: string) => {
            configure({ engineVersion });
            return readSettings().engineUser;
        };
        expect(userOf("12.160.0")).to.deep.equal({ name: "nobody", id: 65534 });
        expect(userOf("12.349.9")).to.deep.equal({ name: "nobody", id: 65534 });
        expect(userOf("12.350.0")).to.deep.equal({ name: "engine", id: 1910 });
        expect(userOf("13.0.0")).to.deep.equal({ name: "engine", id: 1910 });
    });

    it("keeps passwords secret", async () => {
        configure(
            { brokerUsername: "sync", dockerHubUsername: "someone", dockerHubEmail: "someone@example.com" },
            { brokerPassword: "hunter2", dockerHubPassword: "hunter3" },
        );
        const { brokerUsername, brokerPassword, dockerHub } = readSettings();
        expect(brokerUsername).to.equal("sync");
        expect(await pulumi.isSecret(brokerPassword!)).to.equal(true);
        expect(await valueOf(brokerPassword!)).to.equal("hunter2");
        expect(await pulumi.isSecret(dockerHub!.password)).to.equal(true);
        expect(await valueOf(dockerHub!.password)).to.equal("hunter3");
    });

    it("logs in as guest where that is asked for", async () => {
        configure({ brokerLogin: "guest" });
        const { brokerUsername, brokerPassword } = readSettings();
        expect(brokerUsername).to.equal("guest");
        expect(await valueOf(brokerPassword!)).to.equal("guest");
    });

    it("takes fixed node ports, or none of the node", () => {
        configure({ engine1NodePort: 30761, engine2NodePort: 30762, nodeHost: "node.example.com" });
        expect(readSettings()).to.include({
            engine1NodePort: 30761,
            engine2NodePort: 30762,
            nodeHost: "node.example.com",
        });
        configure({ exposure: "clusterIP" });
        expect(readSettings().nodeHost).to.equal(undefined);
    });

    describe("refuses, in one sentence,", () => {
        const refused: [what: string, config: Parameters<typeof configure>, sentence: string][] = [
            [
                "acceptEula that is not true",
                [{ acceptEula: false }],
                "acceptEula is not true: engines run only for those who accept the licence of their image.",
            ],
            [
                "a relative hostPath",
                [{ hostPath: "data/docs" }],
                'hostPath must be an absolute path without "..", and is "data/docs".',
            ],
            [
                "a hostPath with a step back",
                [{ hostPath: "/data/../docs" }],
                'hostPath must be an absolute path without "..", and is "/data/../docs".',
            ],
            [
                "a size that is no quantity",
                [{ documentsSize: "5 GB" }],
                'documentsSize must be a Kubernetes quantity above zero, as 5Gi, and is "5 GB".',
            ],
            [
                "a size of nothing",
                [{ documentsSize: "0Gi" }],
                'documentsSize must be a Kubernetes quantity above zero, as 5Gi, and is "0Gi".',
            ],
            ...["", "a b", "https://example.com/engine", "example.com/Engine:1", "engine:1:2", "engine:"].map(
                (engineImage): [string, Parameters<typeof configure>, string] => [
                    `"${engineImage}" for an image`,
                    [{ engineImage }],
                    `engineImage must be the name of an image, as registry.example.com/engine:1.0, and is "${engineImage}".`,
                ],
            ),
            [
                "a bad engineVersion",
                [{ engineVersion: "latest" }],
                'engineVersion must be three numbers, as 12.792.0, and is "latest".',
            ],
            [
                "a Docker Hub user without password",
                [{ dockerHubUsername: "someone", dockerHubEmail: "someone@example.com" }],
                'dockerHubUsername "someone" and dockerHubEmail "someone@example.com" is given without dockerHubPassword: give all three, or none.',
            ],
            [
                "a Docker Hub user without e-mail",
                [{ dockerHubUsername: "someone" }, { dockerHubPassword: "hunter2" }],
                'dockerHubUsername "someone" and dockerHubPassword is given without dockerHubEmail: give all three, or none.',
            ],
            [
                "a Docker Hub password alone",
                [{}, { dockerHubPassword: "hunter2" }],
                "dockerHubPassword is given without dockerHubUsername and dockerHubEmail: give all three, or none.",
            ],
            [
                "a Docker Hub e-mail alone",
                [{ dockerHubEmail: "someone@example.com" }],
                'dockerHubEmail "someone@example.com" is given without dockerHubUsername and dockerHubPassword: give all three, or none.',
            ],
            [
                "a Docker Hub password in plain text",
                [{ dockerHubUsername: "a", dockerHubEmail: "b", dockerHubPassword: "hunter2" }],
                "dockerHubPassword is given in plain text: set it with `pulumi config set --secret dockerHubPassword`.",
            ],
            [
                "a broker password in plain text",
                [{ brokerUsername: "sync", brokerPassword: "hunter2" }],
                "brokerPassword is given in plain text: set it with `pulumi config set --secret brokerPassword`.",
            ],
            [
                "a broker user without password",
                [{ brokerUsername: "sync" }],
                'brokerUsername "sync" is given without brokerPassword: give both, or none.',
            ],
            [
                "a broker password without user",
                [{}, { brokerPassword: "hunter2" }],
                "brokerPassword is given without brokerUsername: give both, or none.",
            ],
            [
                "a broker user called guest",
                [{ brokerUsername: "guest" }, { brokerPassword: "hunter2" }],
                'brokerUsername must not be "guest", which the broker keeps off the network: set brokerLogin to guest instead.',
            ],
            [
                "a broker user that would end its line in the broker's configuration",
                [{ brokerUsername: "sync\nlog.console = false" }, { brokerPassword: "hunter2" }],
                'brokerUsername must be letters, digits and . _ ~ ! @ % ^ * + = - only, and is "sync\nlog.console = false".',
            ],
            [
                "a broker password that would end its line in the broker's configuration",
                [{ brokerUsername: "sync" }, { brokerPassword: "hunter#2" }],
                "brokerPassword must be letters, digits and . _ ~ ! @ % ^ * + = - only.",
            ],
            ["another brokerLogin", [{ brokerLogin: "none" }], 'brokerLogin must be random or guest, and is "none".'],
            [
                "guest with a user",
                [{ brokerLogin: "guest", brokerUsername: "sync" }],
                "brokerLogin is guest, which leaves no room for brokerUsername and brokerPassword: unset them, or brokerLogin.",
            ],
            [
                "a rules file that is not there",
                [{ allowRules: "rules/none.txt" }],
                'allowRules names the file "rules/none.txt", which cannot be read: ENOENT.',
            ],
            [
                "a rules file that is a folder",
                [{ denyRules: "rules" }],
                'denyRules names the file "rules", which cannot be read: EISDIR.',
            ],
            [
                "another exposure",
                [{ exposure: "loadBalancer" }],
                'exposure must be nodePort or clusterIP, and is "loadBalancer".',
            ],
            [
                "a node port below the range",
                [{ engine1NodePort: 29999 }],
                "engine1NodePort must be a port from 30000 to 32767, or 0, and is 29999.",
            ],
            [
                "a node port above the range",
                [{ engine2NodePort: 32768 }],
                "engine2NodePort must be a port from 30000 to 32767, or 0, and is 32768.",
            ],
            [
                "equal node ports",
                [{ engine1NodePort: 30761, engine2NodePort: 30761 }],
                "engine1NodePort and engine2NodePort must differ, and both are 30761.",
            ],
            [
                "a node port inside the cluster only",
                [{ exposure: "clusterIP", engine1NodePort: 30761 }],
                "exposure is clusterIP, which has no node ports: unset engine1NodePort and engine2NodePort.",
            ],
            [
                "a nodeHost that is a URL",
                [{ nodeHost: "ws://192.0.2.1" }],
                'nodeHost must be a host name or an address, without scheme or port, and is "ws://192.0.2.1".',
            ],
            [
                "a nodeHost with a port",
                [{ nodeHost: "192.0.2.1:9076" }],
                'nodeHost must be a host name or an address, without scheme or port, and is "192.0.2.1:9076".',
            ],
            ["no time to wait", [{ timeoutSeconds: 0 }], "timeoutSeconds must be a whole number above zero, and is 0."],
            [
                "a misspelt key",
                [{ hostPth: "/data/docs" }],
                "hostPth is not a configuration key: Pulumi.yaml has all there are.",
            ],
        ];
        for (const [what, config, sentence] of refused) {
            it(what, () => {
                expect(refusal(...config)).to.equal(sentence);
            });
        }

        it("an empty rules file", () => {
            const file = join(directory, "empty.txt");
            writeFileSync(file, "\n \n");
            expect(refusal({ allowRules: file })).to.equal(`allowRules names the file "${file}", which is empty.`);
        });

        it("never with a password in it", () => {
            for (const [, config] of refused) {
                expect(refusal(...config)).not.to.match(/hunter/);
            }
        });
    });
});
