import { expect } from "chai";
import { createHash, randomBytes } from "node:crypto";
import { once } from "node:events";
import { appendFileSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { machine as paths } from "../../../local/machine/paths";
import { makeClone, removeClone } from "../clone";
import { until } from "../../../engine/test/until";
import type { SavedDocument } from "../documents";
import { expectOneStack } from "../objects";
import { TestMachine, type Result } from "../testMachine";
import { describeUserFiles, plantUserFiles } from "./userFiles";

/** A number from 0 up to 1 that follows from the seed. */
function draw(seed: string, what: string): number {
    return createHash("sha256").update(`${seed} ${what}`).digest().readUInt32BE() / 2 ** 32;
}

function pick<T>(choices: readonly T[], seed: string, what: string): T {
    return choices[Math.floor(draw(seed, what) * choices.length)];
}

describe("npm start after a crash", function () {
    this.timeout("10m");

    let machine: TestMachine;
    let clone: string;
    const saved: SavedDocument[] = [];
    let userFiles: string;
    let round = 0;

    const npm = (...args: string[]) => machine.run("npm", args, { cwd: clone });
    const mustNpm = (...args: string[]) => machine.mustRun("npm", args, { cwd: clone });
    const pulumi = (...args: string[]) => mustNpm("run", "--silent", "pulumi", "--", ...args, "--stack", "dev");

    async function documents(...args: string[]): Promise<string> {
        const script = join(clone, "test", "machine", "documents.ts");
        return machine.mustRun(process.execPath, ["--import", "tsx", script, ...args], { cwd: clone });
    }

    async function saveDocument(): Promise<void> {
        const document = {
            name: `document ${String(saved.length).padStart(2, "0")}`,
            script: `// ${randomBytes(8).toString("hex")}`,
        };
        await documents("save", document.name, document.script);
        saved.push(document);
    }

    /** Changes what a running stack has to be changed for: a volume is replaced, and with it every pod; rules change in place. */
    function changeStack(): void {
        const file = join(clone, "Pulumi.dev.yaml");
        const sizes = ["documentsSize: 1Gi", "documentsSize: 2Gi"];
        const text = readFileSync(file, "utf8");
        const [now, next] = text.includes(sizes[0]) ? sizes : [sizes[1], sizes[0]];
        writeFileSync(file, text.replace(now, next));
        appendFileSync(join(clone, "rules", "allow.txt"), "\n");
    }

    interface Operation {
        /** What a user types. */
        readonly command: readonly string[];
        /** What has to be so before. */
        readonly prepare?: () => Promise<unknown> | void;
        /** How long it takes uninterrupted, in seconds: at first as on two processors, then as it took here. */
        seconds: number;
    }

    const up = [
        "run",
        "--silent",
        "pulumi",
        "--",
        "up",
        "--yes",
        "--skip-preview",
        "--non-interactive",
        "--stack",
        "dev",
    ];
    const operations: Record<string, Operation> = {
        "a start from nothing that runs": { command: ["start"], prepare: () => mustNpm("stop"), seconds: 45 },
        "a start that changes the stack": { command: ["start"], prepare: changeStack, seconds: 45 },
        "pulumi up of a stack that is changed": { command: up, prepare: changeStack, seconds: 30 },
        "pulumi up of an empty stack": {
            command: up,
            prepare: () => pulumi("destroy", "--yes", "--skip-preview"),
            seconds: 20,
        },
        "pulumi destroy": { command: up.map((word) => (word === "up" ? "destroy" : word)), seconds: 15 },
        "a stop": { command: ["stop"], seconds: 20 },
    };

    const isCommand = (args: readonly string[]) =>
        /^npm /.test(args.join(" ")) || args.some((arg) => /local\/bootstrap|tsx|pulumi/.test(arg));
    const isProgram = (name: string) => (args: readonly string[]) =>
        args.slice(0, 2).some((arg) => basename(arg) === name);
    /** What happens to whom, beside the end of every process at once. */
    const accidents: Record<string, () => number> = {
        "containerd is killed": () => machine.kill(isProgram("containerd")),
        "containerd hangs": () => machine.kill(isProgram("containerd"), "SIGSTOP"),
        "etcd is killed": () => machine.kill(isProgram("etcd")),
        "the kubelet is killed": () => machine.kill(isProgram("kubelet")),
        "the shims are killed": () => machine.kill(isProgram("containerd-shim-runc-v2")),
        "Pulumi is interrupted": () => machine.kill((args) => basename(args[0]) === "pulumi", "SIGINT"),
        "the command and its Pulumi are killed": () => machine.kill(isCommand),
    };
    const powerCut = "every process is killed";

    /** After an accident to others the command ends by itself, or is ended as by its user. */
    async function endCommand(ended: Promise<unknown>): Promise<void> {
        const patience = new AbortController();
        await Promise.race([
            ended,
            delay(20_000, undefined, { signal: patience.signal, ref: false }).catch(() => undefined),
        ]);
        patience.abort();
        machine.kill(isCommand);
        await ended;
    }

    const say = (line: string) => console.log(`      ${line}`);

    function expectSuccess(what: string, { exitCode, output }: Result): void {
        expect(exitCode, `${what}:\n${output}\n`).to.equal(0);
    }

    /** @param said what the command that was cut off had said. */
    async function expectMended(said = () => ""): Promise<void> {
        const started = Date.now();
        const result = await npm("start");
        if (result.exitCode !== 0) say(`what was cut off had said:\n${said()}`);
        expectSuccess("npm start", result);
        for (const line of result.output
            .split("\n")
            .filter((line) => /did not come to its end|Nobody knows/.test(line)))
            say(line);
        say(`npm start took ${Math.round((Date.now() - started) / 1000)} s`);
        for (const listed of JSON.parse(await documents("list")) as SavedDocument[][]) {
            expect(listed).to.include.deep.members(saved);
        }
        expect(await describeUserFiles(machine), "files beside the documents").to.equal(userFiles);
        const preview = ["preview", "--expect-no-changes", "--stack", "dev"];
        expectSuccess("preview", await npm("run", "--silent", "pulumi", "--", ...preview));
        await expectOneStack(machine, clone);
    }

    before(async () => {
        clone = makeClone();
        machine = await TestMachine.start();
        const started = Date.now();
        await mustNpm("start");
        await plantUserFiles(machine);
        userFiles = await describeUserFiles(machine);
        say(`the first npm start took ${Math.round((Date.now() - started) / 1000)} s`);
        await saveDocument();
    });

    after(async () => {
        await machine?.end();
        removeClone(clone);
    });

    const seeds = process.env.KILL_SEED
        ? [process.env.KILL_SEED]
        : Array.from({ length: Number(process.env.KILLS ?? 2) }, () => randomBytes(4).toString("hex"));

    for (const seed of seeds) {
        const name = pick(Object.keys(operations), seed, "operation");
        const accident = draw(seed, "all") < 0.5 ? powerCut : pick(Object.keys(accidents), seed, "accident");
        const share = draw(seed, "moment");

        it(`mends ${name} during which ${accident} (again by KILL_SEED=${seed})`, async () => {
            const operation = operations[name];
            await operation.prepare?.();
            const moment = share * operation.seconds;
            const started = Date.now();
            const command = machine.spawn("npm", operation.command, { cwd: clone });
            let said = "";
            for (const stream of [command.stdout, command.stderr]) {
                stream?.setEncoding("utf8").on("data", (text: string) => (said += text));
            }
            let hasEnded = false;
            const ended = once(command, "close").then(() => {
                hasEnded = true;
                return (Date.now() - started) / 1000;
            });
            const seconds = await Promise.race([ended, delay(moment * 1000)]);
            if (seconds !== undefined) operation.seconds = seconds;
            say(
                `round ${++round}, npm ${operation.command.join(" ")}: ${accident} after ${moment.toFixed(1)} s` +
                    (seconds === undefined ? "" : ` (it had ended after ${seconds.toFixed(1)} s)`),
            );
            if (accident === powerCut) await machine.killAll();
            else {
                // Those that it is to happen to may only come to be.
                const deadline = Date.now() + 30_000;
                let struck = accidents[accident]();
                while (struck === 0 && !hasEnded && Date.now() < deadline) {
                    await delay(100);
                    struck = accidents[accident]();
                }
                say(`processes: ${struck}`);
                await endCommand(ended);
            }
            await ended;
            await expectMended(() => said);
            await saveDocument();
        });
    }

    it("mends a reboot of a machine on which all of it ran", async () => {
        await machine.reboot();
        await expectMended();
    });

    it("mends the end of the box's first process, after which nothing is left but empty cgroups", async () => {
        machine.kill((args) => args.some((arg) => basename(arg) === "outer.sh"));
        await until("all that ran in it has ended", () => machine.processes().size === 0, 30);
        await expectMended();
    });

    it("mends the loss of Pulumi's state: what is there is no second stack beside the new one", async () => {
        await machine.mustRun("rm", ["-r", paths.pulumi.backend]);
        await expectMended();
    });

    it("mends a destroy that came no further than the documents' claim, with a file begun beside its state", async () => {
        const claim = "**PersistentVolumeClaim::documents";
        await pulumi("destroy", "--yes", "--skip-preview", "--target", claim, "--target-dependents");
        const state = join(paths.pulumi.backend, ".pulumi", "stacks", "document-sync", "dev.json");
        await machine.mustRun("sh", ["-ec", `test -s ${state}; test ! -e ${state}.attrs; : > ${state}.attrs`]);
        await expectMended();
    });

    it("leaves no process behind after npm stop", async () => {
        await mustNpm("stop");
        expect([...machine.processes().values()].map((args) => args.join(" "))).to.deep.equal([]);
    });
});
