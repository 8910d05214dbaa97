import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { check } from "../kubernetes/check";
import { diff } from "../kubernetes/diff";
import { kindOf } from "../kubernetes/kinds";
import { normalize } from "../kubernetes/normalize";
import { kubernetesProvider } from "../kubernetes/provider";
import { canonicalQuantity } from "../kubernetes/quantity";
import { readSettings } from "../kubernetes/settings";
import { secret, unknownValue, type Properties } from "../properties";

const silent = { status: () => Promise.resolve() };
const settings = readSettings({ namespace: "here" });
const request = (kind: string, inputs: Properties) => ({
    urn: `urn:pulumi:s::p::kubernetes:core/v1:${kind}::it`,
    type: `kubernetes:core/v1:${kind}`,
    name: "it",
    oldInputs: {},
    inputs: { apiVersion: "v1", kind, ...inputs },
    randomSeed: Buffer.from("seed"),
});

describe("the local kubernetes plugin", () => {
    it("writes quantities as the API server does", () => {
        const pairs: [string | number, string][] = [
            ["1024Mi", "1Gi"],
            ["1Gi", "1Gi"],
            ["0.5Gi", "512Mi"],
            ["1.5Gi", "1536Mi"],
            ["0.5Ki", "512"],
            ["0.5", "500m"],
            ["1000m", "1"],
            [1, "1"],
            ["2000", "2k"],
            ["0", "0"],
            ["1e3", "1e3"],
            ["100M", "100M"],
            ["ten", "ten"],
        ];
        for (const [given, written] of pairs) expect(String(canonicalQuantity(given)), String(given)).to.equal(written);
    });

    it("leaves out what says nothing, and keeps empty values that say something", () => {
        const inputs = {
            kind: "Deployment",
            spec: {
                replicas: 0,
                paused: false,
                template: {
                    spec: {
                        hostNetwork: false,
                        automountServiceAccountToken: false,
                        containers: [{ name: "c", args: [], env: [{ name: "A", value: "" }], volumeMounts: [] }],
                        volumes: [{ name: "v", emptyDir: {} }],
                    },
                },
            },
        };
        expect(normalize(inputs, kindOf("kubernetes:apps/v1:Deployment"))).to.deep.equal({
            kind: "Deployment",
            spec: {
                replicas: 0,
                template: {
                    spec: {
                        automountServiceAccountToken: false,
                        containers: [{ name: "c", env: [{ name: "A" }] }],
                        volumes: [{ name: "v", emptyDir: {} }],
                    },
                },
            },
        });
    });

    it("keeps empty values under the user's own keys", () => {
        const inputs = { kind: "ConfigMap", data: { command: "", empty: "" } };
        expect(normalize(inputs, kindOf("kubernetes:core/v1:ConfigMap"))).to.deep.equal(inputs);
    });

    it("keeps a Secret's data secret when only one value was", () => {
        const checked = check(request("Secret", { stringData: { user: "me", password: secret("p") } }), settings);
        expect(checked.data).to.deep.equal(secret({ user: "bWU=", password: "cA==" }));
        expect(checked).not.to.have.property("stringData");
    });

    it("gives the provider's namespace to what has none, and not to what cannot have one", () => {
        expect(check(request("ConfigMap", {}), settings).metadata).to.include({ namespace: "here" });
        expect(check(request("PersistentVolume", {}), settings).metadata).not.to.have.property("namespace");
    });

    it("goes by the engine's automatic names where it is told any", () => {
        const autonaming = { proposedName: "mine", mode: "propose" } as const;
        expect(check({ ...request("ConfigMap", {}), autonaming }, settings).metadata).to.include({ name: "mine" });
        const disabled = { ...request("ConfigMap", {}), autonaming: { proposedName: "", mode: "disable" } as const };
        expect(() => check(disabled, settings)).to.throw(/metadata\.name of urn:.* must be given/);
    });

    it("replaces a named object only after deleting it, an automatically named one before", async () => {
        const never = () => Promise.reject(new Error("not asked"));
        const changed = (metadata: Properties) => {
            const old = { apiVersion: "v1", kind: "ConfigMap", metadata, data: { a: "1" } };
            return diff(
                {
                    ...request("ConfigMap", { metadata, data: { a: "2" } }),
                    id: "here/x",
                    oldState: { ...old, __inputs: old },
                    ignoreChanges: [],
                },
                settings,
                never,
            );
        };
        const named = await changed({ name: "x", namespace: "here" });
        expect(named).to.deep.include({ replaces: ["data.a"], deleteBeforeReplace: true });
        const autonamed = { name: "x", namespace: "here", annotations: { "pulumi.com/autonamed": "true" } };
        expect(await changed(autonamed)).to.deep.include({ replaces: ["data.a"], deleteBeforeReplace: false });
    });

    it("reports additions, removals, unknown values and items of lists, and nothing that is ignored", async () => {
        const metadata = { name: "x", namespace: "here" };
        const old = {
            apiVersion: "v1",
            kind: "Service",
            metadata,
            spec: { a: "1", b: "1", list: ["x", "y"], same: 1 },
        };
        const spec = { a: unknownValue, c: "1", list: ["x"], same: 1 };
        const ask = (ignoreChanges: string[]) =>
            diff(
                {
                    ...request("Service", { metadata, spec }),
                    id: "here/x",
                    oldState: { ...old, __inputs: old },
                    ignoreChanges,
                },
                settings,
                () => Promise.resolve(true),
            );
        expect([...((await ask([])).detailed ?? [])].map(([path, { kind }]) => `${path} ${kind}`)).to.have.members([
            "spec.a UPDATE",
            "spec.b DELETE",
            "spec.c ADD",
            "spec.list[1] DELETE",
        ]);
        expect(await ask(["spec"])).to.deep.include({ changed: false });
    });

    it("names a kind that it does not know, and those that it does", async () => {
        const provider = kubernetesProvider("0", silent);
        provider.configure({});
        const error = await provider.check(request("Pod", {})).catch((caught: unknown) => caught);
        expect(String(error)).to.match(/does not know kubernetes:core\/v1:Pod: it knows Namespace, .*Deployment/);
    });

    it("names a server that cannot be reached, a context that is not there and a flag that is none", async () => {
        const clusters = [{ name: "c", cluster: { server: "https://127.0.0.1:1" } }];
        const contexts = [{ name: "c", context: { cluster: "c", user: "u" } }];
        const users = [{ name: "u", user: {} }];
        const kubeconfig = JSON.stringify({ "current-context": "c", clusters, contexts, users });
        const read = async (config: Properties) => {
            const provider = kubernetesProvider("0", silent);
            provider.configure(config);
            const { urn, type, name } = request("ConfigMap", {});
            return String(
                await provider
                    .read({ urn, type, name, id: "n/x", inputs: {}, state: {} })
                    .catch((error: unknown) => error),
            );
        };
        expect(await read({ kubeconfig })).to.contain(
            "the Kubernetes API server at https://127.0.0.1:1 cannot be reached",
        );
        expect(await read({ kubeconfig, context: "d" })).to.contain('the kubeconfig has no context "d"; it has c');
        expect(await read({ kubeconfig: "/nowhere/config" })).to.contain(
            "kubernetes:kubeconfig cannot be read: there is no file /nowhere/config",
        );
        const garbled = await read({ kubeconfig: "users:\n- user: {client-key-data: s3cr3t" });
        expect(garbled).to.contain("kubernetes:kubeconfig cannot be read: ").and.not.to.contain("s3cr3t");
        const structured = await read({ kubeconfig: { "client-key-data": "s3cr3t" } });
        expect(structured).to.equal("Error: kubernetes:kubeconfig must be a string, not object");
        expect(() => readSettings({ enableServerSideApply: "false" })).to.throw(
            "enableServerSideApply cannot be false",
        );
        expect(() => readSettings({ enableConfigMapMutable: "yes" })).to.throw(
            'kubernetes:enableConfigMapMutable must be true or false, not "yes"',
        );
    });

    it("reads a list of kubeconfigs as kubectl does: the first of two equal names counts, a missing file none", () => {
        const directory = mkdtempSync(join(tmpdir(), "kubeconfigs-"));
        const { KUBECONFIG } = process.env;
        try {
            const plant = (file: string, contexts: string[], token: string) => {
                const path = join(directory, file);
                const content = {
                    clusters: [{ name: "same", cluster: { server: `https://${file}` } }],
                    users: [{ name: "same", user: { token } }],
                    contexts: contexts.map((name) => ({ name, context: { cluster: "same", user: "same" } })),
                    "current-context": contexts[0],
                };
                writeFileSync(path, JSON.stringify(content));
                return path;
            };
            const files = [plant("one", ["a"], "first"), join(directory, "none"), plant("two", ["b", "a"], "second")];
            process.env.KUBECONFIG = files.join(":");
            const ambient = readSettings({}).kubeConfig();
            expect(ambient.getCurrentContext()).to.equal("a");
            const second = readSettings({ context: "b" }).kubeConfig();
            expect([second.getCurrentCluster()?.server, second.getCurrentUser()?.token]).to.deep.equal([
                "https://one",
                "first",
            ]);
        } finally {
            if (KUBECONFIG === undefined) delete process.env.KUBECONFIG;
            else process.env.KUBECONFIG = KUBECONFIG;
            rmSync(directory, { recursive: true });
        }
    });
});
