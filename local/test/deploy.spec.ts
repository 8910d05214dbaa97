import { chmodSync, existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect } from "chai";
import { parse, stringify } from "yaml";
import { readFileSync } from "node:fs";
import { prepareDocuments } from "../documents";
import { machine, projectDirectory } from "../paths";
import { mustRun, npmRun } from "./commands";

/** A stack of the tests' own, beside whatever else runs on the cluster. */
const stack = "npm-test";
const stackFile = join(projectDirectory, `Pulumi.${stack}.yaml`);

interface StackFile {
    readonly config: Readonly<Record<string, unknown>>;
}

/** The dev stack's configuration with this stack's own document directory, and what a test changes. */
function writeStackFile(changes: Readonly<Record<string, unknown>> = {}): void {
    const dev = parse(readFileSync(join(projectDirectory, "Pulumi.dev.yaml"), "utf8")) as StackFile;
    const own = { "document-sync:hostPath": join(machine.documents, stack), ...changes };
    const { encryptionsalt } = existsSync(stackFile)
        ? (parse(readFileSync(stackFile, "utf8")) as { encryptionsalt?: string })
        : {};
    writeFileSync(stackFile, stringify({ encryptionsalt, config: { ...dev.config, ...own } }));
}

const pulumi = (...args: string[]) => npmRun("pulumi", [...args, "--stack", stack, "--non-interactive"]);
const mustPulumi = (...args: string[]) => mustRun("pulumi", [...args, "--stack", stack, "--non-interactive"]);
const kubectl = (...args: string[]) => mustRun("kubectl", args);

interface Outputs {
    readonly engine1Url: string;
    readonly engine2Url: string;
    readonly namespace: string;
}

async function outputs(): Promise<Outputs> {
    return JSON.parse(await mustPulumi("stack", "output", "--json")) as Outputs;
}

async function scenario() {
    const { engine1Url, engine2Url } = await outputs();
    return npmRun("scenario", [], { ENGINE1: engine1Url, ENGINE2: engine2Url });
}

async function removeStack(): Promise<void> {
    const stacks = JSON.parse(await mustRun("pulumi", ["stack", "ls", "--json"])) as { name: string }[];
    if (!stacks.some(({ name }) => name === stack)) return;
    await mustPulumi("destroy", "--yes", "--skip-preview");
    await mustPulumi("stack", "rm", "--yes");
}

function removeDocuments(): void {
    rmSync(join(machine.documents, stack), { recursive: true, force: true });
}

describe("a stack on the local cluster", function () {
    this.timeout("5m");

    before("a stack with nothing in it", async () => {
        // A run that was cut off may have left its stack.
        await removeStack();
        removeDocuments();
        rmSync(stackFile, { force: true });
        prepareDocuments(stack);
        writeStackFile();
        await mustRun("pulumi", ["stack", "init", stack, "--no-select", "--non-interactive"]);
    });

    after("nothing of the tests' stack stays", async () => {
        await removeStack();
        removeDocuments();
        rmSync(stackFile, { force: true });
    });

    it("comes up from nothing", async () => {
        await mustPulumi("up", "--yes", "--skip-preview");
        const { engine1Url, engine2Url, namespace } = await outputs();
        expect(engine1Url).to.match(/^ws:\/\/127\.0\.0\.1:\d+$/);
        expect(engine2Url).to.match(/^ws:\/\/127\.0\.0\.1:\d+$/).and.not.equal(engine1Url);
        expect(namespace).to.be.a("string").that.is.not.empty;
    });

    it("passes the scenario", async () => {
        const { exitCode, output } = await scenario();
        expect(exitCode, output).to.equal(0);
    });

    it("has nothing left to change", async () => {
        await mustPulumi("preview", "--expect-no-changes");
    });
});
