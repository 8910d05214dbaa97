import { expect } from "chai";
import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { makeClone, removeClone } from "../clone";
import { expectOneStack } from "../objects";
import { TestMachine } from "../testMachine";

describe("two clones on one machine", function () {
    this.timeout("10m");
    this.bail(true);

    let machine: TestMachine;
    let first: string;
    let second: string;

    /** A command under way, with what it has said so far. */
    function type(clone: string, ...args: readonly string[]) {
        const child = machine.spawn("npm", args, { cwd: clone });
        const running = { said: "", ended: once(child, "close") as Promise<[number | null]> };
        for (const stream of [child.stdout, child.stderr]) {
            stream?.setEncoding("utf8").on("data", (text: string) => (running.said += text));
        }
        return running;
    }

    async function expectSuccess(running: ReturnType<typeof type>): Promise<void> {
        const [exitCode] = await running.ended;
        expect(exitCode, running.said).to.equal(0);
    }

    const waits = (command: string) =>
        new RegExp(`Waiting for npm ${command} \\(process \\d+\\), which works on this machine's cluster`);

    /** Waits until it says that it has come to a step. */
    async function hasCome(running: ReturnType<typeof type>, step: RegExp): Promise<void> {
        const deadline = Date.now() + 60_000;
        while (!step.test(running.said)) {
            expect(Date.now(), `it has not come to ${step.source} in a minute:\n${running.said}`).to.be.below(deadline);
            await delay(20);
        }
    }

    const clusters = () => [...machine.processes().values()].filter((args) => args[1] === "etcd").length;

    before(async () => {
        [first, second] = [makeClone(), makeClone()];
        machine = await TestMachine.start();
    });

    after(async () => {
        await machine?.end();
        for (const clone of [first, second]) if (clone) removeClone(clone);
    });

    it("start at once, and one waits for the other: there is one cluster and one dev stack", async () => {
        const both = [type(first, "start"), type(second, "start")];
        for (const running of both) await expectSuccess(running);
        expect(both.filter(({ said }) => waits("start").test(said))).to.have.lengthOf(1);
        expect(clusters()).to.equal(1);
        await expectOneStack(machine, first);
        await expectOneStack(machine, second);
    });

    it("start while the other stops: it waits, and then it is up again", async () => {
        const stopping = type(first, "stop");
        await hasCome(stopping, /Destroying/);
        const starting = type(second, "start");
        await expectSuccess(stopping);
        await expectSuccess(starting);
        expect(starting.said).to.match(waits("stop"));
        expect(clusters()).to.equal(1);
        await expectOneStack(machine, first);
    });

    it("stop while the other's Pulumi is at work: it waits for that", async () => {
        const args = ["run", "--silent", "pulumi", "--", "destroy", "--yes", "--skip-preview", "--stack", "dev"];
        const destroying = type(second, ...args);
        await hasCome(destroying, /Deployment engine1 deleting/);
        const stopping = type(first, "stop");
        await expectSuccess(stopping);
        await expectSuccess(destroying);
        expect(stopping.said).to.match(/Waiting for pulumi \(process \d+\), which works on the stack dev/);
        expect(clusters()).to.equal(0);
    });

    it("stop while the other starts: it waits, and then nothing runs any more", async () => {
        const starting = type(first, "start");
        await hasCome(starting, /Cluster/);
        const stopping = type(second, "stop");
        await expectSuccess(starting);
        await expectSuccess(stopping);
        expect(stopping.said).to.match(waits("start"));
        expect([...machine.processes().values()].map((args) => args.join(" "))).to.deep.equal([]);
    });
});
