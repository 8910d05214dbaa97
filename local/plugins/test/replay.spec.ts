import { expect } from "chai";
import type { Log } from "../engine";
import { kubernetesProvider } from "../kubernetes/provider";
import { listAt, stringAt, withoutSecrets, type Properties } from "../properties";
import { randomProvider } from "../random/provider";
import { serve } from "../server";
import { FakeApiServer } from "./fakeApiServer";
import { Caller, isRandom, recordings, ReportedNotReady, titleOf, withoutDrawnNames, type Recorded } from "./recorded";

/** Everything that the plugins told the user, newest last. */
const told: string[] = [];
const log: Log = {
    status: (_urn, severity, text) => Promise.resolve(void told.push(`${severity}: ${text}`)),
};

/** The recordings are of a stack without, and of one with, `enableConfigMapMutable`. */
async function plugins(api: FakeApiServer, config: Properties = {}) {
    const kubernetes = await serve(kubernetesProvider("4.32.0", log));
    const random = await serve(randomProvider("4.21.1"));
    const callers = { kubernetes: new Caller(kubernetes.port), random: new Caller(random.port) };
    await callers.kubernetes.call("Configure", { args: { kubeconfig: await api.start(), ...config } });
    return {
        call: ({ method, request }: Pick<Recorded, "method" | "request">, to: "kubernetes" | "random") =>
            callers[to].call(method, request),
        replay: (recorded: Recorded) =>
            callers[isRandom(recorded) ? "random" : "kubernetes"].call(recorded.method, recorded.request),
        stop: () => {
            callers.kubernetes.close();
            callers.random.close();
            kubernetes.stop();
            random.stop();
            api.stop();
        },
    };
}

function pathOf(object: Properties): string {
    const plural = stringAt(object, "kind").toLowerCase().replace(/y$/, "ie") + "s";
    const version = stringAt(object, "apiVersion");
    const namespace = stringAt(object, "metadata", "namespace");
    return [
        version.includes("/") ? `/apis/${version}` : `/api/${version}`,
        ...(namespace === "" ? [] : ["namespaces", namespace]),
        plural,
        stringAt(object, "metadata", "name"),
    ].join("/");
}

function liveOf(state: Properties): Properties {
    const { __inputs, __initialApiVersion, __fieldManager, ...live } = withoutSecrets(state);
    void [__inputs, __initialApiVersion, __fieldManager];
    return live;
}

/** A ReplicaSet of a Deployment's revision. */
function replicaSetOf(deployment: Properties, readyReplicas: number): Properties {
    const revision = stringAt(deployment, "metadata", "annotations", "deployment.kubernetes.io/revision");
    return {
        apiVersion: "apps/v1",
        kind: "ReplicaSet",
        metadata: {
            name: `engine-${revision}`,
            namespace: stringAt(deployment, "metadata", "namespace"),
            uid: `set-${revision}`,
            annotations: { "deployment.kubernetes.io/revision": revision },
            ownerReferences: [{ uid: stringAt(deployment, "metadata", "uid") }],
        },
        spec: { replicas: 1 },
        status: { readyReplicas },
    };
}

function podOf(owner: Properties, name: string, status: Properties): Properties {
    const metadata = {
        name,
        namespace: stringAt(owner, "metadata", "namespace"),
        ownerReferences: [{ uid: stringAt(owner, "metadata", "uid") }],
    };
    return { apiVersion: "v1", kind: "Pod", metadata, status };
}

function unreadyPod(message: string, state: Properties): Properties {
    return {
        conditions: [
            { type: "PodScheduled", status: "True" },
            { type: "Initialized", status: "True" },
            { type: "Ready", status: "False", reason: "ContainersNotReady", ...(message !== "" && { message }) },
        ],
        containerStatuses: [{ name: "c", ready: false, state }],
    };
}

/** Responses differ by the field manager that is drawn at creation. */
function withoutFieldManager(response: Properties): Properties {
    const properties = response.properties as Properties;
    expect(properties.__fieldManager).to.match(/^pulumi-kubernetes-[0-9a-f]{8}$/);
    return { ...response, properties: { ...properties, __fieldManager: "drawn" } };
}

async function until(condition: () => boolean, what: string): Promise<void> {
    const deadline = Date.now() + 5000;
    while (!condition()) {
        if (Date.now() > deadline) throw new Error(`${what}: not within 5 s`);
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
}

describe("the local plugins answer as the released ones did", function () {
    this.timeout(20_000);
    let api: FakeApiServer;
    let under: Awaited<ReturnType<typeof plugins>>;

    beforeEach(async () => {
        told.length = 0;
        api = new FakeApiServer();
        under = await plugins(api);
    });
    afterEach(() => {
        under.stop();
    });

    describe("Configure, CheckConfig and DiffConfig", () => {
        for (const recorded of recordings("configuration")) {
            it(`${recorded.method} ${stringAt(recorded.request, "type")}`, async () => {
                expect(await under.replay(recorded)).to.deep.equal(recorded.response);
            });
        }
    });

    describe("Check", () => {
        for (const recorded of recordings("check")) {
            it(titleOf(recorded), async () => {
                const response = await under.replay(recorded);
                expect(withoutDrawnNames(response)).to.deep.equal(withoutDrawnNames(recorded.response));
                expect(await under.replay(recorded)).to.deep.equal(response, "the same seed gives the same name");
            });
        }
    });

    describe("Diff of what did not change", () => {
        for (const recorded of recordings("diff-unchanged")) {
            it(titleOf(recorded), async () => {
                expect(await under.replay(recorded)).to.deep.equal(recorded.response);
            });
        }
    });

    describe("Diff of changes", () => {
        for (const recorded of recordings("diff-changed")) {
            it(titleOf(recorded), async () => {
                expect(await under.replay(recorded)).to.deep.equal(recorded.response);
            });
        }

        for (const recorded of recordings("diff-mutable")) {
            it(`${titleOf(recorded)}, with enableConfigMapMutable`, async () => {
                const args = { enableConfigMapMutable: "true" };
                await under.call({ method: "Configure", request: { args } }, "kubernetes");
                expect(await under.replay(recorded)).to.deep.equal(recorded.response);
            });
        }

        for (const recorded of recordings("diff-failed-job")) {
            it(`${titleOf(recorded)}, which failed and says replaceUnready`, async () => {
                const live = liveOf(recorded.request.olds as Properties);
                api.objects.set(pathOf(live), live);
                expect(await under.replay(recorded)).to.deep.equal(recorded.response);
            });
        }
    });

    describe("Create", () => {
        for (const recorded of recordings("create").filter((each) => !isRandom(each))) {
            it(titleOf(recorded), async () => {
                const live = liveOf(recorded.response.properties as Properties);
                const path = pathOf(live);
                api.outcomes.set(path, live);
                if (live.kind === "Deployment") {
                    const set = replicaSetOf(live, 1);
                    api.objects.set(pathOf(set), set);
                }
                const response = await under.replay(recorded);
                expect(withoutFieldManager(response)).to.deep.equal(withoutFieldManager(recorded.response));

                const [post] = api.requests.filter(({ method }) => method === "POST");
                expect(post?.query).to.deep.equal({ fieldManager: "pulumi-kubernetes" });
                expect(post?.body).to.deep.equal(withoutSecrets(recorded.request.properties as Properties));
            });
        }

        for (const recorded of recordings("create").filter(isRandom)) {
            it(`${titleOf(recorded)}, but for what is drawn`, async () => {
                const response = await under.replay(recorded);
                const drawn = ["id", "b64Std", "b64Url", "dec", "hex", "bcryptHash", "result"];
                const fixed = ({ properties }: Properties) =>
                    Object.entries(properties as Properties).filter(([key]) => !drawn.includes(key));
                expect(fixed(response)).to.have.deep.members(fixed(recorded.response));
                const names = (each: Properties) => Object.keys(each.properties as Properties).sort();
                expect(names(response)).to.deep.equal(names(recorded.response));
            });
        }
    });

    describe("Create in a preview", () => {
        for (const recorded of recordings("create-preview")) {
            it(titleOf(recorded), async () => {
                const { properties } = recorded.response;
                const live = liveOf(properties as Properties);
                // Where the recorded answer was the server's, the server knows the namespace.
                const isDryRun = (properties as Properties).__inputs !== undefined;
                if (isDryRun) api.outcomes.set(pathOf(live), { ...live, status: { phase: "Pending" } });
                else refuseNamespace(api, live);

                const response = await under.replay(recorded);
                if (isDryRun) {
                    expect(withoutFieldManager(response)).to.deep.equal(withoutFieldManager(recorded.response));
                    expect(api.requests.map(({ query }) => query.dryRun)).to.deep.equal(["All"]);
                } else {
                    expect(response).to.deep.equal(recorded.response);
                }
                expect(api.objects).to.have.lengthOf(0);
            });
        }
    });

    describe("Update", () => {
        for (const recorded of [...recordings("update"), ...recordings("update-preview")]) {
            it(`${titleOf(recorded)}${recorded.request.preview === true ? ", in a preview" : ""}`, async () => {
                const before = liveOf(recorded.request.olds as Properties);
                const after = liveOf(recorded.response.properties as Properties);
                const path = pathOf(after);
                api.objects.set(path, withManagers(before, "pulumi-kubernetes"));
                api.outcomes.set(path, after);
                if (after.kind === "Deployment") {
                    const set = replicaSetOf(after, 1);
                    api.objects.set(pathOf(set), set);
                }
                expect(await under.replay(recorded)).to.deep.equal(recorded.response);

                const manager = stringAt(recorded.request.olds, "__fieldManager");
                const patches = api.requests.filter(({ method }) => method === "PATCH");
                const preview = recorded.request.preview === true;
                expect(patches.at(-1)?.contentType).to.equal("application/apply-patch+yaml");
                expect(patches.at(-1)?.query).to.deep.equal(
                    preview ? { fieldManager: manager, force: "true", dryRun: "All" } : forced(manager, after),
                );
                expect(patches.at(-1)?.body).to.deep.equal(withoutSecrets(recorded.request.news as Properties));
                if (!preview) {
                    expect(patches[0]?.contentType).to.equal("application/json-patch+json");
                    expect(patches[0]?.body).to.deep.equal(takeOver(before, manager));
                }
            });
        }
    });

    describe("what somebody else, or the server, does meanwhile", () => {
        it("an object that changes while its fields are taken over is read again", async () => {
            const [recorded] = recordings("update");
            if (recorded === undefined) throw new Error("no recording of an update");
            const path = pathOf(liveOf(recorded.response.properties as Properties));
            api.objects.set(path, withManagers(liveOf(recorded.request.olds as Properties), "pulumi-kubernetes"));
            api.outcomes.set(path, liveOf(recorded.response.properties as Properties));
            api.overtaken = 2;
            expect(await under.replay(recorded)).to.deep.equal(recorded.response);
            const patches = api.requests.filter(({ contentType }) => contentType === "application/json-patch+json");
            const versions = patches.map(({ body }) => (body as { value: unknown }[])[1]?.value);
            expect(versions.slice(1)).to.deep.equal(["overtaken 2", "overtaken 1"]);
        });

        it("one that never stops changing is reported", async () => {
            const [recorded] = recordings("update");
            if (recorded === undefined) throw new Error("no recording of an update");
            const path = pathOf(liveOf(recorded.response.properties as Properties));
            api.objects.set(path, withManagers(liveOf(recorded.request.olds as Properties), "pulumi-kubernetes"));
            api.overtaken = Infinity;
            const error = await under.replay(recorded).catch((caught: unknown) => caught);
            expect(error).to.be.instanceOf(ReportedNotReady);
            expect((error as ReportedNotReady).message).to.contain("the object has been modified");
        });

        it("a server that gives no answer for a moment ends no wait", async () => {
            const recorded = recordings("create").find((each) => titleOf(each) === "StatefulSet broker");
            if (recorded === undefined) throw new Error("no recording of a StatefulSet");
            const live = liveOf(recorded.response.properties as Properties);
            api.outcomes.set(pathOf(live), live);
            api.droppedLists = 2;
            const response = await under.replay(recorded);
            expect(withoutFieldManager(response)).to.deep.equal(withoutFieldManager(recorded.response));
            expect(api.droppedLists).to.equal(0);
        });
    });

    describe("Read", () => {
        for (const recorded of recordings("read")) {
            it(titleOf(recorded), async () => {
                if (!isRandom(recorded)) {
                    const live = liveOf(recorded.response.properties as Properties);
                    api.objects.set(pathOf(live), live);
                    if (live.kind === "Deployment") {
                        const set = replicaSetOf(live, 1);
                        api.objects.set(pathOf(set), set);
                    }
                }
                expect(await under.replay(recorded)).to.deep.equal(recorded.response);
            });
        }

        it("of what is gone: no id", async () => {
            const [recorded] = recordings("read").filter((each) => !isRandom(each));
            expect(recorded && (await under.replay(recorded))).to.deep.equal({});
        });
    });

    describe("Delete", () => {
        for (const recorded of recordings("delete")) {
            it(titleOf(recorded), async () => {
                const state = withoutSecrets(recorded.request.properties as Properties);
                const live = liveOf(state);
                if (!isRandom(recorded)) api.objects.set(pathOf(live), live);
                expect(await under.replay(recorded)).to.deep.equal(recorded.response);
                expect(api.objects).to.have.lengthOf(0);
                const deletes = api.requests.filter(({ method }) => method === "DELETE");
                for (const { body } of deletes) expect(body).to.include({ propagationPolicy: "Foreground" });
                expect(deletes).to.have.lengthOf(isRandom(recorded) ? 0 : 1);
            });
        }
    });

    describe("what does not become ready", () => {
        const notReady = (kind: string) => {
            const found = recordings("not-ready").find(({ request }) => stringAt(request, "type").endsWith(kind));
            if (found?.notReady === undefined) throw new Error(`no recording of an unready ${kind}`);
            return { ...found, notReady: found.notReady };
        };
        const failure = (call: Promise<unknown>) =>
            call.then(
                () => expect.fail("it was reported as ready"),
                (error: unknown) => {
                    expect(error).to.be.instanceOf(ReportedNotReady);
                    return error as ReportedNotReady;
                },
            );

        it("a Deployment's update, at its timeout, with the pod's own reason", async () => {
            const { request, notReady: reported } = notReady("Deployment");
            const after = liveOf(reported.properties);
            const set = replicaSetOf(after, 0);
            const why = reported.reasons.at(-1)?.replace(/^.*\[c\]\[ImagePullBackOff\] /, "") ?? "";
            const pod = podOf(
                set,
                "engine-7c0cd302-5dc4c57d97-fb6r9",
                unreadyPod("containers with unready status: [c]", {
                    waiting: { reason: "ImagePullBackOff", message: why },
                }),
            );
            for (const object of [liveOf(request.olds as Properties), set, pod])
                api.objects.set(pathOf(object), object);
            api.outcomes.set(pathOf(after), after);

            const error = await failure(
                under.call({ method: "Update", request: { ...request, timeout: 0.5 } }, "kubernetes"),
            );
            expect(error.reasons).to.deep.equal(reported.reasons);
            expect(error.id).to.equal(reported.id);
            expect(error.properties).to.deep.equal(reported.properties);
        });

        it("a Job, at once, with its pod's termination message", async () => {
            const { request, notReady: reported } = notReady("Job");
            const failing = liveOf(reported.properties);
            const path = pathOf(failing);
            const running = { ...failing, status: { startTime: "2026-01-01T00:00:00Z", active: 1 } };
            const name = "writable-bf888726-zqgqc";
            const pod = (status: Properties) => {
                const object = podOf(failing, name, status);
                api.put(pathOf(object), object);
            };
            api.outcomes.set(path, running);
            pod(unreadyPod("containers with unready status: [c]", { waiting: { reason: "ContainerCreating" } }));

            const failed = failure(under.call({ method: "Create", request }, "kubernetes"));
            const pods = path.replace("/apis/batch/v1/", "/api/v1/").replace(/jobs.*/, "pods");
            await until(() => api.isWatched(pods) && api.isWatched(path.replace(/\/[^/]*$/, "")), "the Job is watched");
            const message = "/data is not writable for 1910\n";
            pod(unreadyPod("", { terminated: { reason: "Error", exitCode: 1, message } }));
            const [condition] = listAt(failing, "status", "conditions");
            const status = {
                ...(failing.status as Properties),
                conditions: [{ ...(condition as Properties), type: "Failed" }],
            };
            api.put(path, { ...failing, status });

            const error = await failed;
            expect(error.reasons).to.deep.equal(reported.reasons);
            expect(error.id).to.equal(reported.id);
            expect(error.properties.__inputs).to.deep.equal(reported.properties.__inputs);
            expect(told).to.include(`warning: [Pod fixture-5071485f/${name}]: [Error] ${message}`);
        });

        it("an object whose deletion is held up, with its finalizers", async () => {
            const recorded = recordings("delete").find((each) => titleOf(each) === "Secret login");
            if (recorded === undefined) throw new Error("no recording of a Secret's deletion");
            const live = liveOf(recorded.request.properties as Properties);
            const metadata = { ...(live.metadata as Properties), finalizers: ["example.com/hold"] };
            api.objects.set(pathOf(live), { ...live, metadata });
            api.held.add(pathOf(live));
            const request = { ...recorded.request, timeout: 0.3 };
            const error = await failure(under.call({ method: "Delete", request }, "kubernetes"));
            expect(error.id).to.equal(recorded.request.id);
            expect(error.reasons).to.deep.equal([
                `'${stringAt(live, "metadata", "name")}' was not deleted within 0.3 s: ` +
                    "finalizers might be preventing deletion (its finalizers: example.com/hold)",
            ]);
        });

        it("Cancel ends the wait, and the object is not lost", async () => {
            const [recorded] = recordings("create").filter((each) => titleOf(each) === "StatefulSet broker");
            if (recorded === undefined) throw new Error("no recording of a StatefulSet");
            const live: Properties = { ...liveOf(recorded.response.properties as Properties), status: { replicas: 0 } };
            api.outcomes.set(pathOf(live), live);
            const failed = failure(under.replay(recorded));
            await until(() => api.isWatched(pathOf(live).replace(/\/[^/]*$/, "")), "the StatefulSet is watched");
            await under.call({ method: "Cancel", request: {} }, "kubernetes");
            const error = await failed;
            expect(error.message).to.contain("was cancelled");
            expect(error.id).to.equal(recorded.response.id);
            expect(error.properties.metadata).to.deep.equal(live.metadata);
        });
    });
});

/** After the take-over the fake server's object has no managers left, which counts as one to be forced. */
function forced(fieldManager: string, taken: Properties) {
    return { fieldManager, force: String(listAt(taken, "metadata", "managedFields").length === 0) };
}

/** The one manager, which created the object, becomes the one that applies; unless the object has changed meanwhile. */
function takeOver(before: Properties, manager: string) {
    const [created] = listAt(withManagers(before, manager), "metadata", "managedFields");
    return [
        { op: "replace", path: "/metadata/managedFields", value: [{ ...(created as Properties), operation: "Apply" }] },
        { op: "replace", path: "/metadata/resourceVersion", value: stringAt(before, "metadata", "resourceVersion") },
    ];
}

function withManagers(object: Properties, manager: string): Properties {
    const managedFields = [{ manager, operation: "Update", apiVersion: "v1", fieldsType: "FieldsV1", fieldsV1: {} }];
    return { ...object, metadata: { ...(object.metadata as Properties), managedFields } };
}

/** The namespace of an object in a first preview is not there yet. */
function refuseNamespace(api: FakeApiServer, object: Properties): void {
    api.missingNamespaces.add(stringAt(object, "metadata", "namespace"));
}
