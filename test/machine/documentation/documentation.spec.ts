import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { chmodSync, cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parse, parseDocument, stringify } from "yaml";
import { controlPlane } from "../../../local/cluster/settings";
import { cacheDirectory, clusterContext, machine, projectDirectory } from "../../../local/machine/paths";
import { readCommands, listFiles, type Command } from "./commands";
import { TestMachine, type Result } from "../testMachine";

/** How a command is run that needs more than being typed. */
interface Way {
    /** What is typed for a placeholder, or instead of what can't be had here. */
    readonly replace?: Readonly<Record<string, string>>;
    readonly env?: () => NodeJS.ProcessEnv;
    readonly input?: string;
    /** It runs until it is stopped; this is in its output when it is ready. */
    readonly runsOn?: RegExp;
    /** What a reader does before, or what a test looks at after. */
    readonly before?: () => Promise<unknown>;
    readonly after?: (result: Result) => unknown;
    /** Tried again for two minutes until this is in its output: it then fails, as the page says. */
    readonly failsWith?: RegExp;
}

/** A clone of the project, and what belongs to who reads its documentation. */
const directory = mkdtempSync(join(tmpdir(), "documentation-test-"));
const clone = join(directory, "document-sync");
const own = {
    pulumiHome: join(directory, "pulumi"),
    kubeconfig: join(directory, "kubeconfig"),
    programs: join(directory, "programs"),
    // Where the local cluster's nodes have a directory of the machine.
    documents: join(machine.documents, "own"),
    trace: join(directory, "trace.jsonl"),
};
const buildah = `buildah --storage-driver=vfs --root=${directory}/images --runroot=${directory}/run-images`;
const base = "localhost/base:test";

let testMachine: TestMachine;
let ownEnvironment: NodeJS.ProcessEnv;

/** A shell as somebody has it who has just logged in: nothing of what npm and mocha say to their children. */
function login(): NodeJS.ProcessEnv {
    const path = (process.env.PATH ?? "").split(":").filter((part) => !part.includes("node_modules"));
    return {
        HOME: process.env.HOME,
        LANG: "C.UTF-8",
        // A reader has a Node.js that is new enough, as this one is.
        PATH: [dirname(process.execPath), ...path].join(":"),
        XDG_CACHE_HOME: dirname(cacheDirectory),
        // What npm would wait for, minutes long, is not there.
        npm_config_offline: "true",
    };
}

function shell(script: string, env: NodeJS.ProcessEnv = login()): [string, string[], { cwd: string }] {
    const variables = Object.entries(env).flatMap(([key, value]) => (value === undefined ? [] : `${key}=${value}`));
    return ["env", ["-i", ...variables, "bash", "-c", script], { cwd: clone }];
}

const run = (script: string, env?: NodeJS.ProcessEnv) => testMachine.run(...shell(script, env));
const mustRun = (script: string, env?: NodeJS.ProcessEnv) => testMachine.mustRun(...shell(script, env));

/** Whether a command is for the cluster of one's own, with the Pulumi CLI of one's own. */
const isForOwnCluster = ({ text }: Command) => /^(\S+=\S+ )*pulumi /.test(text) || text === "npm run kind:up";

/** The Pulumi CLI, its plugins and the local cluster, as if they were the reader's own. */
async function makeOwnCluster(): Promise<void> {
    const { program } = JSON.parse(await mustRun(`cat ${machine.pulumi.prepared}`)) as { program: string };
    await mustRun(`cp -r ${machine.pulumi.home} ${own.pulumiHome}`);
    const kubeconfig = await mustRun(`cat ${machine.kubeconfig}`);
    const { contexts, ...others } = parse(kubeconfig) as { contexts: { name: string; context: object }[] };
    const local = contexts.find(({ name }) => name === clusterContext);
    const names = ["my-cluster", "kind-document-sync"];
    writeFileSync(own.kubeconfig, stringify({ ...others, contexts: names.map((name) => ({ ...local, name })) }));
    mkdirSync(join(directory, "backend"));
    ownEnvironment = {
        ...login(),
        PATH: `${dirname(program)}:${login().PATH}`,
        KUBECONFIG: own.kubeconfig,
        PULUMI_HOME: own.pulumiHome,
        PULUMI_BACKEND_URL: `file://${directory}/backend`,
        PULUMI_CONFIG_PASSPHRASE: "the reader's own",
        // Who sits at a terminal says yes there.
        PULUMI_SKIP_CONFIRMATIONS: "true",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        PULUMI_IGNORE_AMBIENT_PLUGINS: "true",
        PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION: "true",
    };
}

/** The "edit it" of the page: what the example says that is to be edited. */
async function editStackFile(): Promise<void> {
    const file = join(clone, "Pulumi.mine.yaml");
    const stack = parseDocument(readFileSync(file, "utf8"));
    expect(stack.getIn(["config", "kubernetes:context"])).to.equal("my-cluster");
    const { config: dev } = parse(readFileSync(join(clone, "Pulumi.dev.yaml"), "utf8")) as {
        config: Record<string, string>;
    };
    const values = {
        acceptEula: "true",
        hostPath: own.documents,
        engineImage: dev["document-sync:engineImage"],
        brokerImage: dev["document-sync:brokerImage"],
        nodeHost: "127.0.0.1",
    };
    for (const [key, value] of Object.entries(values)) stack.setIn(["config", `document-sync:${key}`], value);
    writeFileSync(file, stack.toString());
    await mustRun(`install --directory --owner=1910 --group=1910 ${own.documents}`);
}

const secret = "s3cr3t-of-the-reader";

/** An image that has nothing in it but its name: the Containerfile runs nothing. */
async function makeBaseImage(): Promise<void> {
    await mustRun(`container=$(${buildah} from scratch) && ${buildah} commit "$container" ${base}`);
}

/** For what can only be stood in for: kind itself, and the container that is its node, which is this machine here. */
async function makeKind(): Promise<void> {
    mkdirSync(own.programs);
    const calls = join(directory, "kind.calls");
    writeFileSync(join(own.programs, "kind"), `#!/bin/sh\necho "$*" >>${calls}\n`);
    const node = `npm run -s node -- exec ${controlPlane.name}`;
    writeFileSync(join(own.programs, "docker"), `#!/bin/sh\n[ "$1" = exec ] && shift 2 && exec ${node} "$@"\n`);
    for (const name of ["kind", "docker"]) chmodSync(join(own.programs, name), 0o755);
    // The broker's image that kind's node would pull.
    await mustRun(
        `${node} ctr --namespace k8s.io images tag localhost/document-sync/broker:dev docker.io/library/rabbitmq:4.3`,
    );
}

const engineImage: Way = {
    env: () => ({ CONTAINER_ENGINE: buildah, BASE: base }),
    after: async () => {
        const { OCIv1 } = JSON.parse(
            await mustRun(`${buildah} inspect --type image localhost/document-sync/engine:dev || true`),
        ) as { OCIv1: { config: { User: string } } };
        expect(OCIv1.config.User).to.equal("1910:1910");
    },
};

const engineRuns: Way = { runsOn: /Listening on port \d+/ };

const ways: Readonly<Record<string, Way>> = {
    "npm start": { after: ({ output }) => expectScenarioAsShown(output) },
    // Nothing can be fetched here.
    "npm start -- --tools=released": { failsWith: /^--tools=released: Pulumi CLI .* could not be fetched: /m },
    // This very suite is a part of it, as another test says; within itself it would never end.
    "npm test": {
        replace: { "npm test": "npm test -- --help" },
        after: ({ output }) => expect(output).to.include("everything that proves the project"),
    },
    // These ran before, as the first part of npm test; and the whole of the lint takes as long as a start.
    "npm run test:unit": { replace: { "npm run test:unit": "npm run test:unit -- --help" } },
    "npx eslint . && npx prettier --check .": {
        replace: { "eslint .": "eslint index.ts", "--check .": "--check index.ts" },
    },
    "npm ci": { env: () => ({ npm_config_dry_run: "true" }) },
    "cp Pulumi.example.yaml Pulumi.mine.yaml": { after: editStackFile },
    "pulumi config set <key> <value>": { replace: { "<key>": "documentsSize", "<value>": "2Gi" } },
    // Without a command it explains itself, and fails.
    "npm run -s pulumi": { replace: { "npm run -s pulumi": "npm run -s pulumi -- version" } },
    "npm run pulumi": { replace: { "npm run pulumi": "npm run pulumi -- version" } },
    "npm run -s manifests -- <stack>": { replace: { "<stack>": "dev" } },
    "npm run -s pulumi -- config set <key> <value>": { replace: { "<key>": "timeoutSeconds", "<value>": "300" } },
    "pulumi config set --secret <key>": {
        replace: { "<key>": "dockerHubPassword" },
        input: secret,
        after: async () => {
            const file = readFileSync(join(clone, "Pulumi.mine.yaml"), "utf8");
            expect(file).to.match(/dockerHubPassword:\s+secure:/);
            expect(file).not.to.include(secret);
            await mustRun("pulumi config rm dockerHubPassword", ownEnvironment);
        },
    },
    "PULUMI_DEBUG_GRPC=<file> pulumi up": {
        replace: { "<file>": own.trace },
        after: async () => {
            const [line] = readFileSync(own.trace, "utf8").split("\n");
            expect(JSON.parse(line)).to.include.keys("method", "request");
            await mustRun("pulumi destroy", ownEnvironment);
        },
    },
    // Its figures would be those of a busy machine.
    "npm run bench": { replace: { "npm run bench": "npm run bench -- --help" } },
    // What it draws would be this machine's, in the place of the one that is kept.
    "npm run record": { replace: { "npm run record": "npm run record -- --help" } },
    "npm run engine:image": { ...engineImage, before: makeBaseImage },
    "ENGINE_IMAGE=registry.example.com/document-sync/engine:0.1.0 npm run engine:image": {
        ...engineImage,
        after: () => mustRun(`${buildah} inspect --type image registry.example.com/document-sync/engine:0.1.0`),
    },
    "npm run kind:up": {
        before: makeKind,
        env: () => ({ PATH: `${own.programs}:${ownEnvironment.PATH}` }),
        after: async () => {
            expect(readFileSync(join(directory, "kind.calls"), "utf8")).to.include("load docker-image");
            await mustRun("pulumi destroy --stack kind && pulumi stack select mine", ownEnvironment);
        },
    },
    "node --import tsx local/artifacts/images/runBroker.ts --port 5672 --data /var/tmp/document-sync/broker --login /var/tmp/document-sync/login":
        { runsOn: /^ready$/m },
};

/** Ways of commands that are too long to be named whole, by where they begin. */
const waysByBeginning: Readonly<Record<string, Way>> = {
    "npm run -w engine start -- ": engineRuns,
};

/** Ways that a command has at one place only: what was typed before it decides. */
const waysAfter: Readonly<Record<string, Way>> = {
    'echo \'resource._resourcetype = "App" and resource.name = "secret\' >>.local/deny.txt': {
        failsWith:
            /engine1Url is "ws:\/\/127\.0\.0\.1:30001", and the engine can't use its access rules: .*deny\.txt:\d+:\d+: .+/,
    },
    'echo \'resource._resourcetype = "App" and resource._actions = "read"\' >.local/deny.txt': {
        failsWith: /Access denied/i,
    },
};

/** The steps that the README shows, and those that a run printed, without what took how long. */
function expectScenarioAsShown(output: string): void {
    const stepsOf = (text: string) => [...text.matchAll(/^ +✔ (\d\. .*?)(?: \(\d+m?s\))?$/gm)].map(([, step]) => step);
    const shown = stepsOf(readFileSync(join(projectDirectory, "README.md"), "utf8"));
    expect(shown).to.have.lengthOf(7);
    expect(stepsOf(output), output).to.deep.equal(shown);
}

const describeFailure = (command: Command, { exitCode, output }: Result) =>
    `${command.place}: ${command.text}: exit code ${exitCode}\n${output}`;

const { blocks, inline } = readCommands();
const hasRun = new Set<string>();
const used = new Set<Way>();

function wayOf({ text }: Command, before?: Command): Way {
    const beginning = Object.keys(waysByBeginning).find((words) => text.startsWith(words));
    const way =
        (before && text === "npm run scenario" && waysAfter[before.text]) ||
        ways[text] ||
        (beginning && waysByBeginning[beginning]) ||
        {};
    used.add(way);
    return way;
}

/** Runs a command, in the shell that earlier ones of its block have left behind. */
async function type(command: Command, way: Way, isOwn: boolean, state: string): Promise<void> {
    const text = Object.entries(way.replace ?? {}).reduce((t, [from, to]) => t.replace(from, to), command.text);
    expect(text, `${command.place}: a placeholder that the test has nothing for`).not.to.match(/<\w+>|…/);
    await way.before?.();
    const env = { ...(isOwn ? ownEnvironment : login()), ...way.env?.() };
    const input = join(directory, "input");
    writeFileSync(input, way.input ?? "");
    const carry = `[ -e ${state} ] && . ${state} && cd "$PWD"; trap 'export -p >${state}' EXIT; exec <${input}\n`;
    if (way.runsOn) {
        await keepRunning(command, text, way.runsOn);
    } else {
        const deadline = Date.now() + 120_000;
        let result = await run(carry + text, env);
        while (way.failsWith && !way.failsWith.test(result.output) && Date.now() < deadline) {
            // The kubelet brings new rules to a pod that changes at once, and within 90 s to others.
            await mustRun(`npm run -s kubectl -- annotate pods --all-namespaces --all --overwrite at=${Date.now()}`);
            await delay(1000);
            result = await run(carry + text, env);
        }
        if (way.failsWith) {
            expect(result.output, command.place).to.match(way.failsWith);
            expect(result.exitCode, describeFailure(command, result)).not.to.equal(0);
        } else expect(result.exitCode, describeFailure(command, result)).to.equal(0);
        await way.after?.(result);
    }
    hasRun.add(command.text);
}

/** In a terminal of its own. */
async function keepRunning(command: Command, text: string, ready: RegExp): Promise<void> {
    const child = testMachine.spawn(...shell(`exec ${text}`));
    let output = "";
    for (const stream of [child.stdout, child.stderr])
        stream?.setEncoding("utf8").on("data", (part: string) => (output += part));
    const deadline = Date.now() + 60_000;
    while (!ready.test(output)) {
        if (child.exitCode !== null || Date.now() > deadline)
            throw new Error(`${command.place}: ${text}: is not ready\n${output}`);
        await delay(100);
    }
}

describe("what the documentation tells its readers to type", function () {
    this.timeout("10m");
    this.bail(true);

    before(async () => {
        for (const file of listFiles()) cpSync(join(projectDirectory, file), join(clone, file));
        // Its tests ask git which files there are.
        expect(spawnSync("git", ["init", "--quiet"], { cwd: clone }).status).to.equal(0);
        // There is no network to install them over, and where they are right npm needs none.
        cpSync(join(projectDirectory, "node_modules"), join(clone, "node_modules"), {
            recursive: true,
            verbatimSymlinks: true,
        });
        testMachine = await TestMachine.start();
    });

    after(async () => {
        await testMachine?.end();
        rmSync(directory, { recursive: true, force: true });
    });

    /** A block, or a command in a sentence that no block has, as one test. */
    function itRuns(block: readonly Command[]): void {
        const title = `${block[0].place}  ${block[0].text}${block.length > 1 ? " …" : ""}`;
        it(title.length > 110 ? `${title.slice(0, 109)}…` : title, async () => {
            const isOwn = block.some(isForOwnCluster);
            if (isOwn && !ownEnvironment) await makeOwnCluster();
            const state = join(mkdtempSync(join(directory, "shell-")), "environment");
            for (const command of block) await type(command, wayOf(command, block[0]), isOwn, state);
        });
    }

    // The local platform comes first, which has the cluster, then the README; the end of the cluster comes last, for all pages.
    const isLast = (block: readonly Command[]) => block.some(({ text }) => text === "npm stop");
    const first = ["local/README.md:", "README.md:"];
    const isOn = (page: string, block: readonly Command[]) => block[0].place.startsWith(page);
    const isFirst = (block: readonly Command[]) => first.some((page) => isOn(page, block));
    const inBlocks = new Set(blocks.flat().map(({ text }) => text));
    const alone = new Map(inline.filter(({ text }) => !inBlocks.has(text)).map((command) => [command.text, [command]]));
    const begun = blocks.filter((block) => !isLast(block));
    const inTurn = first.flatMap((page) => begun.filter((block) => isOn(page, block)));
    const others = [...begun.filter((block) => !isFirst(block)), ...alone.values()];
    [...inTurn, ...others, ...blocks.filter(isLast)].forEach(itRuns);

    it("is what was run, all of it, and no way is left that no page needs", () => {
        const written = [...blocks.flat(), ...inline].map(({ text }) => text);
        expect([...hasRun].sort()).to.deep.equal([...new Set(written)].sort());
        const all = { ...ways, ...waysByBeginning, ...waysAfter };
        const unused = Object.keys(all).filter((text) => !used.has(all[text]));
        expect(unused).to.deep.equal([]);
    });

    it("includes npm test, which is what runs this", function () {
        // By hand, this suite is run alone.
        if (process.env.npm_lifecycle_event !== "test") this.skip();
        const { scripts } = JSON.parse(readFileSync(join(projectDirectory, "package.json"), "utf8")) as {
            scripts: Record<string, string>;
        };
        expect(process.env.npm_lifecycle_script).to.equal(scripts.test);
    });
});
