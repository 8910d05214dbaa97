import { readFileSync, writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { bundled } from "../engine/test/bundle";
import { cleanUp, engineSource, spawnNode, temporaryDirectory, untilListening } from "../engine/test/engineProcess";
import { startAttacker } from "./attackerProcess";
import { attacks } from "./attacks";
import { ask, type Waits } from "./bystander";

const usage = `npm run bench      what a session waits for its answers while others attack the engine, beside what it waits in peace

    --seconds N       of each phase; 5 by default
    --json FILE       also writes the figures

Goal: p99 of at most 100 ms under each attack, from the end of its first round; else it exits with 1. Before and after each attack the same is measured in peace: a machine that is
busy with other things shows there.`;

const goalMilliseconds = 100;

interface Row {
    readonly attack: string;
    readonly before: Waits;
    readonly under: Waits;
    readonly after: Waits;
    /** The engine's memory at its largest during the attack, in MB. */
    readonly megabytes: number;
}

const residentMegabytes = (pid: number) =>
    Number(/^VmRSS:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) / 1024;

async function measure(index: number, seconds: number): Promise<Row> {
    const flags = ["AcceptEULA=yes", "DesktopPort=0", "EnablePrometheus=0", "BindAddress=127.0.0.1"];
    const args = [...flags, `DocumentDirectory=${await temporaryDirectory()}`].flatMap((flag) => ["-S", flag]);
    // The heap that Node.js takes in a pod of 2 GiB.
    const engine = await untilListening(spawnNode(["--max-old-space-size=1024", bundled(engineSource), ...args]));
    const before = await ask(engine, seconds);
    const attacker = startAttacker(engine.url, index);
    let megabytes = 0;
    const watch = setInterval(() => (megabytes = Math.max(megabytes, residentMegabytes(engine.child.pid!))), 100);
    let under: Waits;
    try {
        await attacker.began;
        under = await ask(engine, seconds);
    } finally {
        clearInterval(watch);
        await attacker.stop();
    }
    const after = await ask(engine, seconds);
    await engine.kill();
    return { attack: attacks[index].name, before, under, after, megabytes: Math.round(megabytes) };
}

const holds = ({ under }: Row) => under.p99 <= goalMilliseconds;

function print(rows: readonly Row[]): void {
    const shown = rows.map((row) => ({
        attack: row.attack,
        "p99 before, ms": row.before.p99.toFixed(1),
        "p99 under, ms": row.under.p99.toFixed(1),
        "longest, ms": row.under.longest.toFixed(1),
        "p99 after, ms": row.after.p99.toFixed(1),
        "memory, MB": row.megabytes,
        holds: holds(row) ? "yes" : "no",
    }));
    console.table(shown);
}

async function main(): Promise<void> {
    const { values } = parseArgs({
        options: { seconds: { type: "string", default: "5" }, json: { type: "string" }, help: { type: "boolean" } },
    });
    if (values.help) {
        console.log(usage);
        return;
    }
    const rows: Row[] = [];
    try {
        for (const [index, { name }] of attacks.entries()) {
            console.error(`${name} …`);
            rows.push(await measure(index, Number(values.seconds)));
        }
    } finally {
        await cleanUp();
    }
    print(rows);
    if (values.json) writeFileSync(values.json, `${JSON.stringify({ goalMilliseconds, rows }, undefined, 4)}\n`);
    if (!rows.every(holds)) process.exitCode = 1;
}

main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
});
