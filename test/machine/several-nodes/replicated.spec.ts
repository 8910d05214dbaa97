import { expect } from "chai";
import { transformSync } from "esbuild";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { ChildProcess } from "node:child_process";
import { createInterface } from "node:readline";
import { setTimeout as delay } from "node:timers/promises";
import { until } from "../../../engine/test/until";
import { clusterBox } from "../../../local/cluster/settings";
import { machine as paths } from "../../../local/machine/paths";
import { indicesOf } from "../../../local/cluster/storage/glusterVolumes";
import { type TestCluster } from "./cluster";
import { namespace, pod, sharedClaim } from "./manifests";
import { sharedCluster } from "./sharedCluster";

const names = ["node1", "node2", "node3"];

/** Where every node finds this Node.js, which may lie anywhere on the machine. */
const nodeProgram = join(paths.shared, "node");

/** What runs a program of these tests with `args`, in a pod or in a node. */
function command(name: string, ...args: string[]): string[] {
    const source = readFileSync(join(__dirname, name), "utf8");
    // As in a file, the arguments come after two words of Node's own.
    return ["-e", transformSync(source, { loader: "ts", format: "cjs" }).code, name, ...args];
}

/** A program that runs: its input, and the lines that it has written. */
function follow(child: ChildProcess) {
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

/** What a saver has written. */
function readSaves(lines: readonly string[]) {
    const saves = lines.filter((line) => line !== "").map((line) => line.split(" "));
    return {
        versions: saves.flatMap(([result, version]) => (result === "saved" ? [`version-${version}`] : [])),
        errors: saves.map(([result]) => result).filter((result) => result !== "saved"),
        /** Milliseconds. */
        longest: Math.max(...saves.map(([, , milliseconds]) => Number(milliseconds))),
    };
}

describe("a volume of the StorageClass replicated, on three nodes", function () {
    this.timeout("5m");
    this.bail(true);

    let cluster: TestCluster;

    /** Starts a program in the pod on a node. */
    function startIn(node: string, name: string, ...args: string[]) {
        const exec = ["kubectl", "exec", "--stdin", "--namespace", "lab", `writer-${node}`, "--", "node"];
        const options = { env: { KUBECONFIG: paths.kubeconfig }, stdin: "pipe" } as const;
        return follow(cluster.machine.spawn(cluster.kubernetes, [...exec, ...command(name, ...args)], options));
    }

    /** Starts a program in a node itself, whoever can reach it. */
    function startOn(node: string, name: string, ...args: string[]) {
        const options = { cwd: "/", box: join(clusterBox, node), stdin: "pipe" } as const;
        return follow(cluster.machine.spawn(nodeProgram, command(name, ...args), options));
    }

    /** All that a node's own copy holds, but what GlusterFS keeps for itself, and what others have missed of it. */
    async function describeBrick(node: string): Promise<{ contents: string; missed: string[] }> {
        const brick = join(paths.bricks, node);
        const find = "find . -path ./.glusterfs -prune -o -type f -exec sha256sum {} + | sort";
        const contents = await cluster.machine.mustRun("bash", ["-ec", find], { cwd: brick });
        const indices = await cluster.machine.mustRun("ls", [join(indicesOf(brick), "xattrop")]);
        return { contents, missed: indices.split("\n").filter((name) => name && !name.startsWith("xattrop-")) };
    }

    /** Waits until nothing is left to heal, and all nodes' own copies are the same. @returns after how many seconds. */
    async function untilHealed(): Promise<string> {
        const start = performance.now();
        const areHealed = async () => {
            const [first, ...others] = await Promise.all(names.map(describeBrick));
            return [first, ...others].every(
                ({ contents, missed }) => missed.length === 0 && contents === first.contents,
            );
        };
        while (!(await areHealed())) {
            if (performance.now() - start > 90_000) expect.fail("not healed after 90 s");
            await delay(200);
        }
        return ((performance.now() - start) / 1000).toFixed(1);
    }

    const inPodOn = (node: string, ...command: string[]) =>
        cluster.kubectl("exec", "--namespace", "lab", `writer-${node}`, "--", ...command);

    before(async function () {
        this.timeout("10m");
        if (process.getuid?.() !== 0) this.skip(); // A machine of one's own takes root.
        cluster = await sharedCluster();
        await cluster.start(3);
        const claim = sharedClaim("documents", "lab", "replicated");
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

    after(() => cluster?.clear());

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
        const { versions, errors, longest } = readSaves(saver.lines);
        expect(errors).to.deep.equal([]);
        const listed = (await inPodOn("node1", "ls", "/documents/saves")).trim().split("\n");
        expect(listed).to.have.members(versions);
        console.log(`      ${versions.length} saves, the longest ${longest} ms`);
    });

    it("is healed on a node that comes back", async () => {
        const [{ contents }, { contents: old }] = await Promise.all([describeBrick("node1"), describeBrick("node3")]);
        expect(old).not.to.equal(contents);
        expect((await cluster.node("start", "node3")).exitCode).to.equal(0);
        console.log(`      healed after ${await untilHealed()} s more`);
        expect((await describeBrick("node3")).contents).to.equal(contents);
    });

    it("takes no save on a node that is cut off, every save elsewhere, and is healed when it is connected", async () => {
        const volume = "jsonpath={.spec.volumeName}";
        const name = await cluster.kubectl("get", "pvc", "documents", "--namespace", "lab", "--output", volume);
        const path = "jsonpath={.spec.hostPath.path}";
        const directory = await cluster.kubectl("get", "pv", name, "--output", path);
        await cluster.machine.mustRun("cp", [process.execPath, nodeProgram]);
        const saver = startOn("node1", "saver.ts", join(directory, "connected"));
        const cutOff = startOn("node3", "saver.ts", join(directory, "cut-off"));
        await until("10 saves", () => saver.lines.length >= 10 && cutOff.lines.length >= 10, 60);
        const link = (state: string) =>
            cluster.machine.mustRun("ip", ["link", "set", "node3", state], { cwd: "/", box: clusterBox });
        await link("down");
        const before = saver.lines.length;
        await until("40 more saves", () => saver.lines.length >= before + 40, 90);
        await until("an error on the other side", () => readSaves(cutOff.lines).errors.length > 0, 60);
        await Promise.all([saver.end(), cutOff.end()]);
        const { versions, errors, longest } = readSaves(saver.lines);
        expect(errors).to.deep.equal([]);
        expect([...new Set(readSaves(cutOff.lines).errors)]).to.deep.equal(["ENOTCONN"]);
        await link("up");
        const seconds = await untilHealed();
        // Its own mount tries every few seconds to be connected again.
        const list = `ls ${join(directory, "connected")}`;
        const seen = await cluster.inNode("node3", `timeout 60 sh -c 'until ${list} 2> /dev/null; do sleep 0.2; done'`);
        expect(seen.trim().split("\n")).to.have.members(versions);
        console.log(`      ${versions.length} saves, the longest ${longest} ms; healed after ${seconds} s`);
    });

    it("is made on no node that does not have the file system: it waits until there is one again", async () => {
        await cluster.kubectl("delete", "pods", "--all", "--namespace", "lab", "--force", "--grace-period=0");
        await cluster.start(1);
        await cluster.apply(sharedClaim("early", "lab", "replicated"));
        const failed = ["events", "--namespace", "lab", "--field-selector", "reason=ProvisioningFailed"];
        const deadline = Date.now() + 60_000;
        while (!(await cluster.kubectl("get", ...failed)).includes("early")) {
            if (Date.now() > deadline) expect.fail("nothing says that it can't be made");
            await delay(500);
        }
        await cluster.start(3);
        const bound = "--for=jsonpath={.status.phase}=Bound";
        await cluster.kubectl("wait", bound, "--timeout=120s", "pvc/early", "--namespace", "lab");
        await untilHealed();
    });
});
