import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { readSettings } from "../../config";
import { engineImage, engineUser, stackFileFrom } from "../../local/stack/kind/stackFile";
import { installMocks } from "../unit/mocks";
import { configure } from "../unit/stackConfig";

const actionlint = "github.com/rhysd/actionlint/cmd/actionlint@v1.7.12";

interface Step {
    readonly uses?: string;
    readonly run?: string;
    readonly with?: Readonly<Record<string, string>>;
}

interface Workflow {
    readonly permissions: unknown;
    readonly jobs: Readonly<Record<string, { "timeout-minutes"?: number; steps: readonly Step[] }>>;
}

const workflowFile = ".github/workflows/ci.yml";
const workflowText = readFileSync(workflowFile, "utf8");
const workflow = parse(workflowText) as Workflow;
const steps = Object.values(workflow.jobs).flatMap((job) => job.steps);
const packageOf = (file: string) =>
    JSON.parse(readFileSync(file, "utf8")) as { version: string; scripts: Record<string, string> };

describe("the workflow for GitHub", () => {
    it("passes actionlint", function () {
        // The first time it is compiled.
        this.timeout(180_000);
        // actionlint is a Go module; nothing else here needs Go.
        if (spawnSync("go", ["version"]).error) this.skip();
        // Whether these two are installed must not decide.
        const options = ["-shellcheck=", "-pyflakes=", "-no-color"];
        const { status, stdout, stderr } = spawnSync("go", ["run", actionlint, ...options, workflowFile], {
            encoding: "utf8",
        });
        expect(status, `${stdout}${stderr}`).to.equal(0);
    });

    it("runs nothing but npm scripts that there are", () => {
        const { scripts } = packageOf("package.json");
        const commands = steps.flatMap(({ run }) => run ?? []);
        expect(commands).to.have.length.greaterThan(0);
        for (const command of commands) {
            const [, script] = /^npm (?:run )?([\w:]+)$/.exec(command) ?? [];
            expect(Object.keys(scripts), command).to.include(script);
        }
    });

    it("looks for known vulnerabilities in what npm and Go bring", () => {
        const commands = steps.flatMap(({ run }) => run ?? []);
        expect(commands).to.include.members(["npm run vulnerabilities:npm", "npm run vulnerabilities:go"]);
    });

    it("takes actions by commit, with their version beside it", () => {
        const lines = workflowText.split("\n").filter((line) => /\buses:/.test(line));
        expect(lines).to.have.length(steps.filter(({ uses }) => uses !== undefined).length);
        for (const line of lines) expect(line).to.match(/uses: [\w-]+\/[\w-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/);
    });

    it("may only read, and ends in time", () => {
        expect(workflow.permissions).to.deep.equal({ contents: "read" });
        for (const [name, job] of Object.entries(workflow.jobs)) expect(job["timeout-minutes"], name).to.be.a("number");
    });

    it("installs the Pulumi CLI of the program's own version", () => {
        const versions = steps.flatMap((step) => step.with?.["pulumi-version"] ?? []);
        expect(versions).to.deep.equal([packageOf("node_modules/@pulumi/pulumi/package.json").version]);
    });
});

describe("the stack on kind", () => {
    const { text, hostPath } = stackFileFrom(readFileSync("Pulumi.example.yaml", "utf8"));
    const { config } = parse(text) as { config: Record<string, string | number> };

    it("is accepted by the program, with the image that engine:image makes", async () => {
        await installMocks();
        const own = Object.entries(config).filter(([key]) => key.startsWith("document-sync:"));
        configure(Object.fromEntries(own.map(([key, value]) => [key.replace("document-sync:", ""), value])));
        const settings = readSettings();
        expect(settings.engineImage).to.equal(engineImage);
        expect(settings.storage.path).to.equal(hostPath);
        expect(settings.exposure).to.include({ kind: "nodePort", host: "127.0.0.1" });
        // For whom the documents' directory is made.
        expect(settings.engineUser.id).to.equal(engineUser);
    });

    it("has the node ports that the cluster maps, and its context", () => {
        const { nodes } = parse(readFileSync("local/stack/kind/cluster.yaml", "utf8")) as {
            nodes: { extraPortMappings: { containerPort: number; hostPort: number }[] }[];
        };
        const ports = ["document-sync:engine1NodePort", "document-sync:engine2NodePort"].map((key) => config[key]);
        expect(nodes.flatMap((node) => node.extraPortMappings.map((mapping) => mapping.containerPort))).to.deep.equal(
            ports,
        );
        expect(nodes.flatMap((node) => node.extraPortMappings.map((mapping) => mapping.hostPort))).to.deep.equal(ports);
        const name = steps.flatMap((step) => step.with?.cluster_name ?? []);
        expect(name.map((cluster) => `kind-${cluster}`)).to.deep.equal([config["kubernetes:context"]]);
    });
});
