import { expect } from "chai";
import { once } from "node:events";
import { eventually } from "../../../scenario/eventually";
import { clusterBox } from "../../../local/cluster/settings";
import { type TestCluster } from "./cluster";
import { deployment, namespace, type Manifest } from "./manifests";
import { isReady, type NodeObject, type PodObject } from "./objects";
import { sharedCluster } from "./sharedCluster";

const say = (line: string) => console.log(`      ${line}`);

const names = ["node1", "node2", "node3"];

/** A machine may be busy: what takes a fraction of it is printed. */
const seconds = { newPods: 40, node: 90 } as const;

describe("a node that is drained, lost, and started again", function () {
    this.timeout("5m");

    let cluster: TestCluster;
    const kubectl = (...args: string[]) => cluster.kubectl(...args);
    const listNodes = () => cluster.list<NodeObject>("nodes");
    const listPods = () => cluster.list<PodObject>("pods", "--namespace", "lab");

    /** What is to be seen of a cluster on its machine, beside files and cgroups. */
    const look = () =>
        cluster.machine.mustRun("bash", [
            "-ec",
            `cut -d' ' -f3- /proc/self/mountinfo
             ip -brief link
             ip route show table all
             ss -Hlntux
             iptables-save
             ip6tables-save`,
        ]);
    let untouched: string;

    const budget = (minAvailable: number): Manifest => ({
        apiVersion: "policy/v1",
        kind: "PodDisruptionBudget",
        metadata: { name: "web", namespace: "lab" },
        spec: { minAvailable, selector: { matchLabels: { app: "web" } } },
    });

    /** Names of the nodes on which pods are ready that nobody is deleting. */
    const nodesOfReady = async () =>
        (await listPods())
            .filter((pod) => isReady(pod) && pod.metadata.deletionTimestamp === undefined)
            .map(({ spec }) => spec.nodeName)
            .sort();

    /** One pod on each node. */
    async function spread(): Promise<void> {
        await kubectl("rollout", "restart", "--namespace", "lab", "deployment/web");
        await kubectl("rollout", "status", "--namespace", "lab", "--timeout=120s", "deployment/web");
        await eventually({
            what: "each node has a pod",
            within: 30,
            read: nodesOfReady,
            until: (found) => found.join() === names.join(),
        });
    }

    /** `npm run -s node -- list`, a row of words for each node. */
    async function table(): Promise<string[][]> {
        const { exitCode, output } = await cluster.node("list");
        expect(exitCode, output).to.equal(0);
        const rows = output
            .trim()
            .split("\n")
            .map((line) => line.split(/ {2,}/));
        expect(rows[0]).to.deep.equal(["NAME", "STATE", "ZONE", "ADDRESS", "PODS", "MEMORY"]);
        return rows.slice(1);
    }

    before(async function () {
        if (process.getuid?.() !== 0) {
            say("skipped: a machine of one's own takes root");
            this.skip();
        }
        cluster = await sharedCluster();
        untouched = await look();
        say(`three nodes in ${await cluster.start(3)} s`);
        await cluster.apply(namespace("lab"));
        await cluster.apply(deployment("web", { namespace: "lab", replicas: 3, ports: [8080] }), budget(3));
        await kubectl("rollout", "status", "--namespace", "lab", "--timeout=120s", "deployment/web");
    });

    after(() => cluster?.clear());

    it("is listed with its state, zone, pods and memory", async () => {
        const rows = await table();
        expect(rows.map((row) => row.slice(0, 5))).to.deep.equal(
            names.map((name, index) => [name, "Ready", `zone${index + 1}`, `10.240.0.1${index + 1}`, "1"]),
        );
        say(`memory of all processes: ${rows.map((row) => row[5]).join(", ")}`);
        for (const row of rows) {
            const [, megabytes] = /^(\d+) MiB$/.exec(row[5]) ?? [];
            expect(Number(megabytes), row.join(" ")).to.be.within(30, 4000);
        }
    });

    describe("is refused in a sentence", () => {
        for (const [args, exitCode, sentence] of [
            [["kill", "node1"], 1, /^node1 has the control plane: .* Kill another node\.\n$/],
            [["kill", "node7"], 1, /^There is no node "node7"\. The cluster has node1, node2, node3\.\n$/],
            [["drain", "zone1"], 1, /^There is no node "zone1"\. The cluster has node1, node2, node3\.\n$/],
            [["exec", "node0", "true"], 1, /^There is no node "node0"\./],
            [["melt", "node2"], 2, /^npm run -s node -- list /],
            [["kill"], 2, /^npm run -s node -- list /],
            [["kill", "node2", "node3"], 2, /^npm run -s node -- list /],
            [["list", "node2"], 2, /^npm run -s node -- list /],
            [[], 2, /^npm run -s node -- list /],
            [["--force"], 1, /^Unknown option '--force'/],
        ] as const) {
            it(`if it is asked for so: ${args.join(" ") || "(nothing)"}`, async () => {
                const result = await cluster.node(...args);
                expect(result.output).to.match(sentence);
                expect(result.exitCode).to.equal(exitCode);
                expect(names.every((name) => cluster.firstProcess(name) > 0)).to.equal(true);
            });
        }
    });

    describe("when it is drained", () => {
        it("keeps its pods while their budget wants them, and gives them away when it no longer does", async () => {
            const drain = cluster.machine.spawn("npm", ["run", "--silent", "node", "--", "drain", "node2"]);
            const ended = once(drain, "close") as Promise<[number | null]>;
            let said = "";
            for (const stream of [drain.stdout, drain.stderr])
                stream?.setEncoding("utf8").on("data", (text: string) => (said += text));
            await eventually({
                what: "the drain says that the budget forbids it, twice",
                within: 60,
                read: () => said,
                until: (text) => text.split("would violate the pod's disruption budget").length > 2,
            });
            expect(await nodesOfReady()).to.deep.equal(names);

            await cluster.apply(budget(2));
            const [exitCode] = await ended;
            expect(exitCode, said).to.equal(0);
            const left = (await listPods()).filter(({ spec }) => spec.nodeName === "node2");
            expect(left, "pods of node2").to.deep.equal([]);
            expect((await table()).map((row) => row[1])).to.deep.equal(["Ready", "Ready,drained", "Ready"]);
        });

        it("takes none until it is started", async () => {
            await kubectl("rollout", "restart", "--namespace", "lab", "deployment/web");
            await kubectl("rollout", "status", "--namespace", "lab", "--timeout=120s", "deployment/web");
            expect(await nodesOfReady()).not.to.include("node2");
            const { exitCode, output } = await cluster.node("start", "node2");
            expect(exitCode, output).to.equal(0);
            expect((await table()).map((row) => row[1])).to.deep.equal(["Ready", "Ready", "Ready"]);
            await spread();
        });
    });

    describe("when it is lost", () => {
        const took = { elsewhere: [] as number[], back: [] as number[] };

        for (const round of Array.from({ length: Number(process.env.KILLS ?? 1) }, (_, index) => index + 1)) {
            it(`has its pods made anew elsewhere, and is in order again when it is started (${round})`, async () => {
                await spread();
                const lost = Date.now();
                const killed = await cluster.node("kill", "node3");
                expect(killed.output).to.equal("node3 has lost its power.\n");
                expect(killed.exitCode).to.equal(0);
                expect(cluster.machine.processesOf(`${clusterBox}/node3`)).to.deep.equal([]);
                const since = (start: number) => (Date.now() - start) / 1000;
                const again = await cluster.node("kill", "node3");
                expect(again).to.deep.equal({ exitCode: 1, output: "node3 does not run.\n" });
                await eventually({
                    what: "three pods are ready on the other nodes",
                    within: seconds.newPods,
                    read: nodesOfReady,
                    until: (found) => found.length === 3 && !found.includes("node3"),
                });
                took.elsewhere.push(since(lost));
                expect((await table()).map((row) => row[1])).to.deep.equal(["Ready", "Ready", "killed"]);

                const started = Date.now();
                const { exitCode, output } = await cluster.node("start", "node3");
                expect(exitCode, output).to.equal(0);
                took.back.push(since(started));
                expect((await listNodes()).every(isReady)).to.equal(true);
                await eventually({
                    what: "the pods that it had are gone",
                    within: seconds.node,
                    read: listPods,
                    until: (pods) => pods.every(({ metadata }) => metadata.deletionTimestamp === undefined),
                });
            });
        }

        after(() => {
            const list = (numbers: readonly number[]) => numbers.map((number) => number.toFixed(1)).join(", ");
            say(
                `from the command to three pods elsewhere: ${list(took.elsewhere)} s; started again in ${list(took.back)} s`,
            );
        });
    });

    describe("and the next npm start", () => {
        it("keeps their number, what etcd has and who runs, and starts one that was lost", async () => {
            await kubectl("create", "configmap", "--namespace", "lab", "kept", "--from-literal=of=before");
            const others = ["node1", "node2"];
            const before = others.map((name) => cluster.firstProcess(name));
            expect((await cluster.node("kill", "node3")).exitCode).to.equal(0);
            say(`a start that finds node3 lost took ${await cluster.start()} s`);
            expect(others.map((name) => cluster.firstProcess(name))).to.deep.equal(before);
            const nodes = await listNodes();
            expect(nodes.map(({ metadata }) => metadata.name)).to.deep.equal(names);
            expect(nodes.every(isReady)).to.equal(true);
            expect(
                await kubectl("get", "configmap", "--namespace", "lab", "kept", "--output=jsonpath={.data.of}"),
            ).to.equal("before");
        });

        it("changes their number if another is asked for", async () => {
            say(`a start with two nodes took ${await cluster.start(2)} s`);
            expect((await listNodes()).map(({ metadata }) => metadata.name)).to.deep.equal(names.slice(0, 2));
            await eventually({
                what: "the pods of the node that is no more are ready on others",
                within: seconds.newPods,
                read: nodesOfReady,
                until: (found) => found.length === 3 && !found.includes("node3"),
            });
            expect((await table()).map(([name]) => name)).to.deep.equal(names.slice(0, 2));
            await cluster.start(3);
            expect((await table()).map((row) => row[1])).to.deep.equal(["Ready", "Ready", "Ready"]);
            expect(
                await kubectl("get", "configmap", "--namespace", "lab", "kept", "--output=jsonpath={.data.of}"),
            ).to.equal("before");
        });
    });

    describe("with all the others, by the end of the first process of the box that they are in", () => {
        it("leaves nothing but files and empty cgroups", async () => {
            expect(await look()).not.to.equal(untouched);
            const killed = Date.now();
            process.kill(cluster.firstProcess(), "SIGKILL");
            await eventually({
                what: "no process is left",
                within: 30,
                read: () => cluster.machine.processesOf(clusterBox),
                until: (pids) => pids.length === 0,
            });
            say(`all had ended after ${(Date.now() - killed) / 1000} s`);
            expect(await look()).to.equal(untouched);
            expect([...cluster.machine.processes().values()]).to.deep.equal([]);
        });

        it("is neither drained, killed nor started alone", async () => {
            for (const [action, sentence] of [
                ["drain", "The local cluster is not up. npm start brings it up.\n"],
                ["start", "The local cluster is not up. npm start brings it up.\n"],
                ["kill", "node2 does not run.\n"],
            ] as const)
                expect(await cluster.node(action, "node2")).to.deep.equal({ exitCode: 1, output: sentence });
            expect((await table()).map((row) => row[1])).to.deep.equal(["killed", "killed", "killed"]);
        });

        it("is mended by the next start, with all that etcd has", async () => {
            say(`the start after it took ${await cluster.start()} s`);
            expect((await table()).map((row) => row[1])).to.deep.equal(["Ready", "Ready", "Ready"]);
            expect(
                await kubectl("get", "configmap", "--namespace", "lab", "kept", "--output=jsonpath={.data.of}"),
            ).to.equal("before");
            await kubectl("rollout", "status", "--namespace", "lab", "--timeout=120s", "deployment/web");
        });
    });
});
