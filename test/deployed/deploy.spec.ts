import { expect } from "chai";
import { spawn } from "node:child_process";
import { chownSync, existsSync, readFileSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { parse, stringify } from "yaml";
import { startAttacker } from "../../bench/attackerProcess";
import { attacks } from "../../bench/attacks";
import { ask } from "../../bench/bystander";
import { openSession, type Global } from "../../scenario/qix";
import { prepareDocuments } from "../../local/stack/documents";
import { machine, projectDirectory } from "../../local/machine/paths";
import type { Outputs } from "../../local/stack/stacks";
import { mustRun, npmRun, type Result } from "./commands";

/** A stack of the tests' own, beside whatever else runs on the cluster. */
const stack = "npm-test";
const stackFile = join(projectDirectory, `Pulumi.${stack}.yaml`);
const documents = join(machine.documents, stack);

interface StackFile {
    readonly encryptionsalt?: string;
    readonly config: Readonly<Record<string, unknown>>;
}

const readStackFile = (path: string) => parse(readFileSync(path, "utf8")) as StackFile;

/** The dev stack's configuration with a document directory of this stack's own, and what a test changes. */
function writeStackFile(changes: Readonly<Record<string, unknown>> = {}): void {
    const { config } = readStackFile(join(projectDirectory, "Pulumi.dev.yaml"));
    const salt = existsSync(stackFile) ? readStackFile(stackFile).encryptionsalt : undefined;
    const own = { "document-sync:hostPath": documents, ...changes };
    writeFileSync(stackFile, stringify({ ...(salt && { encryptionsalt: salt }), config: { ...config, ...own } }));
}

const pulumi = (...args: string[]) => npmRun("pulumi", [...args, "--stack", stack, "--non-interactive"]);
const mustPulumi = (...args: string[]) => mustRun("pulumi", [...args, "--stack", stack, "--non-interactive"]);
const kubectl = (...args: string[]) => mustRun("kubectl", args);

async function outputs(): Promise<Outputs> {
    return JSON.parse(await mustPulumi("stack", "output", "--json")) as Outputs;
}

async function scenario(): Promise<Result> {
    const { engine1Url, engine2Url } = await outputs();
    return npmRun("scenario", [], { ENGINE1: engine1Url, ENGINE2: engine2Url });
}

async function expectScenarioToPass(): Promise<void> {
    const { exitCode, output } = await scenario();
    expect(exitCode, output).to.equal(0);
}

async function onEngine1<T>(work: (global: Global) => Promise<T>): Promise<T> {
    const { engine1Url } = await outputs();
    const session = await openSession({ key: "engine1Url", url: engine1Url });
    try {
        return await work(session.global);
    } finally {
        await session.close();
    }
}

/** Identity of each engine pod, and how often its container was started again. */
async function enginePods(): Promise<string> {
    const { namespace } = await outputs();
    const columns = "UID:.metadata.uid,RESTARTS:.status.containerStatuses[0].restartCount";
    const selector = "app.kubernetes.io/name=qix-engine";
    const pods = await kubectl(
        ...["get", "pods", "--namespace", namespace, "--selector", selector],
        ...["--no-headers", "--output", `custom-columns=${columns}`],
    );
    expect(pods.trim().split("\n"), "engine pods").to.have.lengthOf(2);
    return pods;
}

async function scaleBroker(replicas: number): Promise<void> {
    const { namespace } = await outputs();
    const [broker] = (await kubectl("get", "statefulset", "--namespace", namespace, "--output", "name")).split("\n");
    await kubectl("scale", broker, "--namespace", namespace, `--replicas=${replicas}`);
    if (replicas > 0) await kubectl("rollout", "status", broker, "--namespace", namespace);
    // By its name: of a selector that fits nothing, kubectl says that all of it is deleted.
    else await kubectl("wait", "--for=delete", `pod/${basename(broker)}-0`, "--namespace", namespace);
}

/** Namespaces and volumes of this stack, which are not in any namespace; never another's whose name only holds this one's. */
async function clusterObjects(): Promise<string[]> {
    const names = await kubectl("get", "namespaces,persistentvolumes", "--output", "json");
    const { items } = JSON.parse(names) as {
        items: { kind: string; metadata: { name: string }; spec: { hostPath?: { path: string } } }[];
    };
    return items
        .filter(
            ({ metadata, spec }) =>
                /^document-sync-npm-test-[0-9a-f]{8}$/.test(metadata.name) || spec.hostPath?.path === documents,
        )
        .map(({ kind, metadata }) => `${kind} ${metadata.name}`);
}

/** A run that was cut off, in this clone or another, may have left the stack; Pulumi destroys none without its settings. */
async function removeStack(): Promise<void> {
    writeStackFile();
    const stacks = JSON.parse(await mustRun("pulumi", ["stack", "ls", "--json"])) as { name: string }[];
    if (stacks.some(({ name }) => name === stack)) {
        await pulumi("cancel", "--yes");
        await mustPulumi("destroy", "--yes", "--skip-preview");
        await mustPulumi("stack", "rm", "--yes");
    }
    rmSync(stackFile, { force: true });
}

async function newStack(): Promise<void> {
    await removeStack();
    // Objects that were being made when Pulumi was killed are in no stack.
    for (const object of await clusterObjects()) await kubectl("delete", ...object.split(" "));
    rmSync(documents, { recursive: true, force: true });
    writeStackFile();
    await mustRun("pulumi", ["stack", "init", stack, "--no-select", "--non-interactive"]);
}

describe("a stack on the local cluster", function () {
    this.timeout("5m");
    this.bail(true);

    before(async () => {
        await newStack();
        prepareDocuments(stack);
    });

    after(async () => {
        await removeStack();
        rmSync(documents, { recursive: true, force: true });
    });

    it("comes up from nothing", async () => {
        await mustPulumi("up", "--yes", "--skip-preview");
        const { engine1Url, engine2Url, namespace } = await outputs();
        expect(engine1Url).to.match(/^ws:\/\/127\.0\.0\.1:\d+$/);
        expect(engine2Url).to.match(/^ws:\/\/127\.0\.0\.1:\d+$/);
        expect(engine2Url).not.to.equal(engine1Url);
        expect(namespace).to.include(stack);
    });

    it("passes the scenario", expectScenarioToPass);

    it("has nothing left to change", async () => {
        await mustPulumi("preview", "--expect-no-changes");
    });

    it("shows the broker's password nowhere but in its Secret", async () => {
        const { namespace } = await outputs();
        const { items: secrets } = JSON.parse(
            await kubectl("get", "secrets", "--namespace", namespace, "--output", "json"),
        ) as { items: { data: Record<string, string> }[] };
        const encoded = secrets.map(({ data }) => data.password).find((value) => value !== undefined);
        expect(encoded, "a Secret with the broker's password").to.be.a("string");
        const password = Buffer.from(encoded!, "base64").toString();
        expect(password).to.have.lengthOf.at.least(16);

        const namespaced = ["--namespaced", "--verbs=list", "--output", "name"];
        const kinds = (await kubectl("api-resources", ...namespaced)).trim().split("\n");
        const pods = (await kubectl("get", "pods", "--namespace", namespace, "--output", "name")).trim().split("\n");
        const places: Record<string, string> = {
            "all other objects": await kubectl(
                ...["get", kinds.filter((kind) => kind !== "secrets").join(",")],
                ...["--namespace", namespace, "--output", "json"],
            ),
            "the outputs": await mustPulumi("stack", "output", "--json", "--show-secrets"),
            "the stack's export": await mustPulumi("stack", "export"),
        };
        for (const pod of pods.filter((name) => /\/(broker|engine\d)-/.test(name))) {
            places[`the log of ${pod}`] = await kubectl("logs", "--namespace", namespace, pod);
        }
        expect(Object.keys(places)).to.have.lengthOf(6);
        for (const [place, text] of Object.entries(places)) {
            expect(text, place).not.to.be.empty;
            expect(text.includes(password), `the password is in ${place}`).to.equal(false);
            expect(text.includes(encoded!), `the password in base64 is in ${place}`).to.equal(false);
        }
    });

    it("keeps its engines ready, and others answered, while clients attack one of them", async () => {
        const { engine1Url, namespace } = await outputs();
        const before = await enginePods();
        const ready = ["--output", 'jsonpath={.status.conditions[?(@.type=="Ready")].status}{"\\n"}'];
        const selector = ["--selector", "app.kubernetes.io/name=qix-engine", "--namespace", namespace];
        const watch = spawn(
            "npm",
            ["run", "--silent", "kubectl", "--", "get", "pods", "--watch", ...ready, ...selector],
            {
                stdio: ["ignore", "pipe", "inherit"],
                detached: true,
            },
        );
        let said = "";
        watch.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
        const attackers = attacks.map((_, index) => startAttacker(engine1Url, index, 120));
        try {
            await Promise.all(attackers.map(({ began }) => began));
            const { calls, longest } = await ask({ url: engine1Url }, 20);
            console.log(
                `      ${calls} calls of another session were answered, the slowest after ${Math.round(longest)} ms`,
            );
            expect(calls).to.be.greaterThan(20);
        } finally {
            await Promise.all(attackers.map((attacker) => attacker.stop()));
            process.kill(-watch.pid!, "SIGKILL");
        }
        const states = said.trim().split("\n");
        expect(states.length, said).to.be.at.least(2);
        expect(new Set(states), said).to.deep.equal(new Set(["True"]));
        expect(await enginePods(), "no engine was started anew").to.equal(before);
        await onEngine1(async (global) => {
            for (const { qDocId, qDocName } of await global.getDocList()) {
                if (qDocName === "Attacked" || qDocName === "Large") await global.deleteApp(qDocId);
            }
        });
        await expectScenarioToPass();
    });

    it("fails the scenario at the step that needs the broker while that is away, and passes when it is back", async () => {
        const before = await enginePods();
        await scaleBroker(0);
        const { exitCode, output } = await scenario();
        expect(exitCode, output).not.to.equal(0);
        expect(output).to.match(/4 passing/);
        expect(output).to.match(/1\) 5\. .*list/);
        expect(output).to.match(/broker \(RabbitMQ\)/);
        await scaleBroker(1);
        await expectScenarioToPass();
        expect(await enginePods(), "no engine was started anew").to.equal(before);
    });

    it("goes with all its objects, and its documents stay: the next one finds them", async () => {
        const id = await onEngine1(async (global) => {
            const { qAppId } = await global.createApp("kept");
            const document = await global.openDoc(qAppId);
            await document.setScript("// as it was saved");
            await document.doSave();
            return qAppId;
        });
        await mustPulumi("destroy", "--yes", "--skip-preview");
        expect(await clusterObjects()).to.deep.equal([]);
        await mustPulumi("up", "--yes", "--skip-preview");
        await onEngine1(async (global) => {
            expect((await global.getDocList()).map(({ qDocId }) => qDocId)).to.include(id);
            expect(await (await global.openDoc(id)).getScript()).to.equal("// as it was saved");
        });
    });
});

describe("a stack whose engines could not write their documents", function () {
    this.timeout("5m");

    before(newStack);

    afterEach(async () => {
        await mustPulumi("destroy", "--yes", "--skip-preview");
        rmSync(documents, { recursive: true, force: true });
    });

    after(async () => {
        await removeStack();
        rmSync(documents, { recursive: true, force: true });
    });

    async function expectRefusal(): Promise<void> {
        const started = Date.now();
        const { exitCode, output } = await pulumi("up", "--yes", "--skip-preview");
        expect(exitCode, output).not.to.equal(0);
        expect(output).to.include(documents);
        expect(output).to.include("1910:1910");
        // Not a measure of speed, which was 13 s and 20 s: without the check, the engines would be waited for until their
        // timeout of five minutes.
        expect(Date.now() - started, "milliseconds").to.be.below(60_000);
        expect(output).not.to.match(/Deployment engine\d creating/);
    }

    it("fails if the directory belongs to another user", async () => {
        prepareDocuments(stack);
        chownSync(documents, 0, 0);
        await expectRefusal();
        expect(readdirSync(documents)).to.deep.equal([]);
    });

    it("fails if the path is a file", async () => {
        writeFileSync(documents, "a file");
        await expectRefusal();
        expect(readFileSync(documents, "utf8")).to.equal("a file");
    });
});

describe("a stack with a configuration that makes no sense", function () {
    this.timeout("2m");

    before(newStack);
    after(removeStack);

    const secret = "s3cr3t-in-plain-text";
    const refusals: readonly { changes: Record<string, unknown>; says: RegExp }[] = [
        { changes: { acceptEula: false }, says: /acceptEula must be true/ },
        { changes: { hostPath: "documents/here" }, says: /hostPath.*documents\/here/ },
        { changes: { documentsSize: "5 Gigs" }, says: /documentsSize.*5 Gigs/ },
        { changes: { dockerHubUsername: "someone" }, says: /dockerHub(Username|Password)/ },
        {
            changes: { brokerUsername: "someone", brokerPassword: secret },
            says: /brokerPassword/,
        },
        { changes: { allowRules: "rules/missing.txt" }, says: /allowRules.*rules\/missing\.txt/ },
    ];
    for (const { changes, says } of refusals) {
        it(`is refused: ${Object.keys(changes).join(", ")}`, async () => {
            writeStackFile(
                Object.fromEntries(Object.entries(changes).map(([key, value]) => [`document-sync:${key}`, value])),
            );
            const { exitCode, output } = await pulumi("up", "--yes", "--skip-preview");
            expect(exitCode, output).not.to.equal(0);
            // Pulumi says it while it runs and once more at the end.
            const sentences = new Set(Array.from(output.matchAll(/error: (.*)/g), ([, sentence]) => sentence.trim()));
            expect([...sentences], output).to.have.lengthOf(1);
            expect([...sentences][0]).to.match(says);
            expect(output).not.to.include(secret);
            const { deployment } = JSON.parse(await mustPulumi("stack", "export")) as {
                deployment: { resources?: { type: string }[] };
            };
            const made = (deployment.resources ?? []).map(({ type }) => type);
            expect(made.filter((type) => !type.startsWith("pulumi:"))).to.deep.equal([]);
        });
    }
});
