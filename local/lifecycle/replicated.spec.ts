import { expect } from "chai";
import { transformSync } from "esbuild";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { until } from "../../engine/test/until";
import { machine as paths } from "../paths";
import { TestCluster } from "./nodes/cluster";
import { namespace, pod } from "./nodes/manifests";

const names = ["node1", "node2", "node3"];

/** A program of the storage's own tests, as one word for `node -e`. */
function script(name: string): string {
    const source = readFileSync(join(__dirname, "..", "storage", "test", name), "utf8");
    return transformSync(source, { loader: "ts", format: "cjs" }).code;
}

describe("a claim of the StorageClass replicated, in pods on three nodes", function () {
    this.timeout("5m");
    this.bail(true);

    let cluster: TestCluster;

    /** Starts a program in the pod on a node. @returns its input and the lines that it has written. */
    function startIn(node: string, name: string, ...args: string[]) {
        // As in a file, the arguments come after two words of Node's own.
        const program = ["node", "-e", script(name), name, ...args];
        const exec = ["kubectl", "exec", "--stdin", "--namespace", "lab", `writer-${node}`, "--", ...program];
        const child = cluster.machine.spawn(cluster.kubernetes, exec, {
            env: { KUBECONFIG: paths.kubeconfig },
            stdin: "pipe",
        });
        const lines: string[] = [];
        if (child.stdout) createInterface({ input: child.stdout }).on("line", (line) => lines.push(line));
        const closed = once(child, "close");
        return {
            lines,
            say: (line: string) => child.stdin?.write(`${line}\n`),
            end: async () => {
                child.stdin?.end();
                await closed;
            },
        };
    }

    const inPodOn = (node: string, ...command: string[]) =>
        cluster.kubectl("exec", "--namespace", "lab", `writer-${node}`, "--", ...command);

    before(async function () {
        this.timeout("10m");
        if (process.getuid?.() !== 0) this.skip(); // A machine of one's own takes root.
        cluster = await TestCluster.make();
        await cluster.start(3);
        const claim = {
            apiVersion: "v1",
            kind: "PersistentVolumeClaim",
            metadata: { name: "documents", namespace: "lab" },
            spec: {
                storageClassName: "replicated",
                accessModes: ["ReadWriteMany"],
                resources: { requests: { storage: "1Gi" } },
            },
        };
        const options = {
            namespace: "lab",
            ports: [8080],
            container: { volumeMounts: [{ name: "documents", mountPath: "/documents" }] },
            spec: { volumes: [{ name: "documents", persistentVolumeClaim: { claimName: "documents" } }] },
        };
        await cluster.apply(
            namespace("lab"),
            claim,
            ...names.map((node) => pod(`writer-${node}`, { ...options, node })),
        );
        await cluster.waitForPods("--all", "--namespace", "lab");
    });

    after(() => cluster?.end());

    it("gives each of 1,000 names to exactly one of three pods that link it at the same moment", async () => {
        const racers = names.map((node) => startIn(node, "racer.ts", "/documents", node));
        await until("the racers are ready", () => racers.every(({ lines }) => lines.length === 1), 60);
        for (let round = 1; round <= 1000; round++) {
            for (const racer of racers) racer.say(`name-${round}`);
            await until(`round ${round} ends`, () => racers.every(({ lines }) => lines.length > round), 30);
        }
        for (const racer of racers) await racer.end();
        const wins = new Map<string, number>();
        for (let round = 1; round <= 1000; round++) {
            const results = racers.map(({ lines }) => lines[round].split(" "));
            const winners = names.filter((_, index) => results[index][0] === "linked");
            expect(winners, `winners of round ${round}`).to.have.length(1);
            expect(results.filter(([result]) => result === "EEXIST")).to.have.length(2);
            // The losers see the winner's file at once.
            expect(results.map(([, owner]) => owner)).to.deep.equal(names.map(() => winners[0]));
            wins.set(winners[0], (wins.get(winners[0]) ?? 0) + 1);
        }
        console.log(`      wins: ${[...wins].map((entry) => entry.join(" ")).join(", ")}`);
    });

    it("takes every save of a pod while another node is lost, and the others see each", async () => {
        const saver = startIn("node2", "saver.ts", "/documents/saves");
        await until("20 saves", () => saver.lines.length >= 20, 60);
        await cluster.node("kill", "node3");
        const before = saver.lines.length;
        await until("40 more saves", () => saver.lines.length >= before + 40, 90);
        await saver.end();
        const saves = saver.lines.map((line) => line.split(" "));
        expect(saves.map(([result]) => result).filter((result) => result !== "saved")).to.deep.equal([]);
        const listed = (await inPodOn("node1", "ls", "/documents/saves")).trim().split("\n");
        expect(listed).to.have.members(saves.map(([, version]) => `version-${version}`));
        const longest = Math.max(...saves.map(([, , milliseconds]) => Number(milliseconds)));
        console.log(`      ${saves.length} saves, the longest ${longest} ms`);
    });
});
