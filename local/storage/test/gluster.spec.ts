import { expect } from "chai";
import type { ChildProcess } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { until } from "../../../engine/test/until";
import { prepareGluster, replicatedDirectory } from "../gluster";
import { indicesOf } from "../glusterVolumes";
import { makeNodes, type Node } from "./nodes";

/** A program of this folder in a node, and the lines that it has written. */
function startHelper(node: Node, name: string, ...args: string[]): { child: ChildProcess; lines: string[] } {
    const child = node.spawn([process.execPath, "--import", require.resolve("tsx"), join(__dirname, name), ...args]);
    const lines: string[] = [];
    if (child.stdout) createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
    return { child, lines };
}

const inReplicated = (name: string) => join(replicatedDirectory, name);

/** What a command in a node writes. */
async function outputOf(node: Node, command: readonly string[]): Promise<string> {
    const child = node.spawn(command);
    let output = "";
    child.stdout?.setEncoding("utf8").on("data", (text: string) => (output += text));
    const [code] = (await once(child, "close")) as [number | null];
    if (code !== 0) throw new Error(`${command.join(" ")} ended with exit code ${code}.`);
    return output;
}

/** A digest of each file that a node sees in a directory, by name. */
async function digests(node: Node, directory: string): Promise<Map<string, string>> {
    const output = await outputOf(node, ["sh", "-c", 'cd "$1" && sha256sum -- *', "sh", directory]);
    const lines = output.trim().split("\n");
    return new Map(lines.map((line) => [line.slice(66), line.slice(0, 64)]));
}

interface Saves {
    readonly count: number;
    readonly errors: string[];
    /** Milliseconds. */
    readonly longest: number;
}

/** A saver in a node, in a directory of the file system. */
function startSaver(node: Node, directory: string) {
    const { child, lines } = startHelper(node, "saver.ts", inReplicated(directory));
    const closed = once(child, "close");
    return {
        lines,
        end: async (): Promise<Saves> => {
            child.stdin?.end();
            await closed;
            const saves = lines.map((line) => line.split(" "));
            return {
                count: saves.length,
                errors: saves.map(([result]) => result).filter((result) => result !== "saved"),
                longest: Math.max(...saves.map(([, , milliseconds]) => Number(milliseconds))),
            };
        },
    };
}

const brickOf = ({ directory }: Node) => join(directory, "document-sync/brick");

/** All files of a brick with their contents, apart from what GlusterFS keeps for itself. */
function contentsOf(node: Node): Map<string, string> {
    // Among its own are links that lead in circles.
    const roots = readdirSync(brickOf(node)).filter((name) => name !== ".glusterfs");
    const contents = new Map<string, string>();
    const add = (name: string) => {
        const path = join(brickOf(node), name);
        const isDirectory = statSync(path).isDirectory();
        contents.set(name, isDirectory ? "directory" : readFileSync(path, "utf8"));
        if (isDirectory) for (const entry of readdirSync(path).sort()) add(join(name, entry));
    };
    for (const name of roots.sort()) add(name);
    return contents;
}

/** What a brick knows that others have missed. */
function missedByOthers(node: Node): string[] {
    const directory = join(indicesOf(brickOf(node)), "xattrop");
    return existsSync(directory) ? readdirSync(directory).filter((name) => !name.startsWith("xattrop-")) : [];
}

function areEqual(nodes: readonly Node[]): boolean {
    const texts = nodes.map((node) => JSON.stringify([...contentsOf(node)]));
    return texts.every((text) => text === texts[0]);
}

/** Whether nothing is left to heal, and all bricks hold the same. */
function areHealed(nodes: readonly Node[]): boolean {
    try {
        return nodes.every((node) => missedByOthers(node).length === 0) && areEqual(nodes);
    } catch (error) {
        // A file went while it was read.
        if ((error as NodeJS.ErrnoException).code === "ENOENT") return false;
        throw error;
    }
}

describe("GlusterFS over three nodes", function () {
    this.timeout(120_000);

    let nodes: Node[] = [];
    let end = async () => {};

    before(async function () {
        this.timeout(300_000);
        // Namespaces and mounts take root; a file system in a program takes FUSE.
        if (process.getuid?.() !== 0 || !existsSync("/dev/fuse")) this.skip();
        ({ nodes, end } = await makeNodes(await prepareGluster(() => undefined)));
        await Promise.all(nodes.map((node) => node.mounted(60)));
    });

    after(() => end());

    it("gives each of 1,000 names to exactly one of three that link it at the same moment", async function () {
        this.timeout(300_000);
        await outputOf(nodes[0], ["mkdir", inReplicated("race")]);
        const racers = nodes.map((node, index) =>
            startHelper(node, "racer.ts", inReplicated("race"), `racer-${index + 1}`),
        );
        await until("the racers are ready", () => racers.every(({ lines }) => lines.length === 1), 30);
        for (let round = 1; round <= 1000; round++) {
            for (const { child } of racers) child.stdin?.write(`name-${round}\n`);
            await until(`round ${round} ends`, () => racers.every(({ lines }) => lines.length > round), 30);
        }
        for (const { child } of racers) child.stdin?.end();

        const wins = new Map<string, number>();
        for (let round = 1; round <= 1000; round++) {
            const results = racers.map(({ lines }) => lines[round].split(" "));
            const winners = results.flatMap(([result], index) => (result === "linked" ? [`racer-${index + 1}`] : []));
            expect(winners, `winners of round ${round}`).to.have.length(1);
            expect(results.map(([result]) => result).filter((result) => result === "EEXIST")).to.have.length(2);
            // The losers see the winner's file at once.
            expect(results.map(([, owner]) => owner)).to.deep.equal([winners[0], winners[0], winners[0]]);
            wins.set(winners[0], (wins.get(winners[0]) ?? 0) + 1);
        }
        console.log(`        wins: ${[...wins.values()].join(" + ")}`);
        const [first, ...others] = await Promise.all(nodes.map((node) => digests(node, inReplicated("race"))));
        expect(first.size).to.equal(1000);
        for (const other of others) expect(other).to.deep.equal(first);
    });

    it("goes on saving without an error when a node dies, and heals it when it comes back", async () => {
        const saver = startSaver(nodes[0], "death");
        await until("20 saves", () => saver.lines.length >= 20, 30);
        await nodes[2].kill();
        const before = saver.lines.length;
        await until("40 more saves", () => saver.lines.length >= before + 40, 60);
        const { count, errors, longest } = await saver.end();
        expect(errors).to.deep.equal([]);
        expect(longest).to.be.below(15_000);
        const seen = await digests(nodes[0], inReplicated("death"));
        expect(seen.size).to.equal(count);
        expect(await digests(nodes[1], inReplicated("death"))).to.deep.equal(seen);
        expect(areEqual([nodes[0], nodes[2]])).to.be.false;

        const back = performance.now();
        nodes[2].start();
        await until("the brick that was away holds what the others do", () => areHealed(nodes), 60);
        const seconds = (performance.now() - back) / 1000;
        await nodes[2].mounted(30);
        expect(await digests(nodes[2], inReplicated("death"))).to.deep.equal(seen);
        console.log(`        ${count} saves, the longest ${longest} ms; healed after ${seconds.toFixed(1)} s`);
    });

    it("takes no saves on a node that is cut off, goes on elsewhere, and heals it when it is connected", async () => {
        const [saver, cutOff] = [startSaver(nodes[0], "partition"), startSaver(nodes[2], "cut-off")];
        await until("10 saves", () => saver.lines.length >= 10 && cutOff.lines.length >= 10, 30);
        await nodes[2].connect(false);
        const before = saver.lines.length;
        await until("40 more saves", () => saver.lines.length >= before + 40, 60);
        await until("an error on the other side", () => cutOff.lines.some((line) => !line.startsWith("saved")), 30);
        const { count, errors, longest } = await saver.end();
        const refused = await cutOff.end();
        expect(errors).to.deep.equal([]);
        // Nobody answers for it until the ping times out.
        expect(longest).to.be.below(20_000);
        expect(new Set(refused.errors)).to.deep.equal(new Set(["ENOTCONN"]));

        const back = performance.now();
        await nodes[2].connect(true);
        await until("the brick that was cut off holds what the others do", () => areHealed(nodes), 90);
        const seconds = (performance.now() - back) / 1000;
        await nodes[2].mounted(30);
        expect((await digests(nodes[2], inReplicated("partition"))).size).to.equal(count);
        console.log(`        ${count} saves, the longest ${longest} ms; healed after ${seconds.toFixed(1)} s`);
    });
});
