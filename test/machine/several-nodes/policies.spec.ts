import { expect } from "chai";
import { nodeNetwork } from "../../../local/cluster/settings";
import { type TestCluster, type Place } from "./cluster";
import { namespace, pod, service, type Manifest } from "./manifests";
import { readTable, situations, type Situation } from "./policies";
import type { Probe } from "./probe";
import { sharedCluster } from "./sharedCluster";

/** The broker's, and another. */
const nodes = { same: "node2", other: "node3" } as const;

const say = (line: string) => console.log(`      ${line}`);

describe("NetworkPolicies on three nodes", function () {
    this.timeout("10m");

    let cluster: TestCluster;
    const callers = new Map<string, Probe>();
    /** Of the table's columns, in their order. */
    let targets: (readonly [host: string, port: number])[];
    let broker: string;
    let engine: string;

    const kubectl = (...args: string[]) => cluster.kubectl(...args);

    before(async function () {
        if (process.getuid?.() !== 0) {
            console.log("      skipped: a machine of one's own takes root");
            this.skip();
        }
        cluster = await sharedCluster();
        say(`three nodes in ${await cluster.start(3)} s`);
        const ports = [5672, 15692];
        const container = { ports: [{ name: "amqp", containerPort: 5672 }] };
        const brokerOptions = { namespace: "lab", node: nodes.same, labels: { app: "broker" }, ports, container };
        const places = new Map<string, Place>([
            ["broker same", { namespace: "lab", pod: "broker" }],
            ["node same", { node: nodes.same }],
            ["node other", { node: nodes.other }],
        ]);
        const pods = [pod("broker", brokerOptions)];
        for (const place of ["same", "other"] as const) {
            for (const [name, [where, app]] of Object.entries({
                engine: ["lab", "engine"],
                other: ["lab", "other"],
                guest: ["elsewhere", "engine"],
            })) {
                const podName = `${name}-${place}`;
                pods.push(pod(podName, { namespace: where, node: nodes[place], labels: { app }, ports }));
                places.set(`${name} ${place}`, { namespace: where, pod: podName });
            }
        }
        await cluster.apply(namespace("lab"), namespace("elsewhere"));
        await cluster.apply(...pods, service("broker", { namespace: "lab", port: 5672, nodePort: 0 }));
        await cluster.waitForPods("--all", "--namespace", "lab");
        await cluster.waitForPods("--all", "--namespace", "elsewhere");
        for (const [name, place] of places) callers.set(name, cluster.probe(place));
        const addressOf = (kind: string, where: string, name: string) =>
            kubectl("get", kind, "--namespace", where, name, "--output", "jsonpath={.status.podIP}{.spec.clusterIP}");
        broker = await addressOf("pod", "lab", "broker");
        engine = await addressOf("pod", "lab", "engine-other");
        const address = await kubectl(
            ...["get", "node", nodes.same, "--output"],
            `jsonpath={.status.addresses[?(@.type=="InternalIP")].address}`,
        );
        targets = [
            [broker, 5672],
            [await addressOf("service", "lab", "broker"), 5672],
            [broker, 15692],
            [engine, 5672],
            [address, 10250],
        ];
    });

    after(() => cluster?.clear());

    /** Which targets each caller reaches, as the table has it. */
    async function tryAll(): Promise<Map<string, boolean[]>> {
        const tried = [...callers].map(async ([name, probe]): Promise<[string, boolean[]]> => {
            const answers = await Promise.all(targets.map(([host, port]) => probe.call(host, port, 2)));
            return [name, answers.map(({ how }) => how === "answers")];
        });
        return new Map(await Promise.all(tried));
    }

    const signs = (table: ReadonlyMap<string, boolean[]>) =>
        [...table]
            .map(([name, row]) => `${name}: ${row.map((reaches) => (reaches ? "+" : "-")).join(" ")}`)
            .sort()
            .join("\n");

    /** Replaces all policies there are. @returns when. */
    async function setPolicies(policies: Situation["policies"]): Promise<number> {
        await kubectl("delete", "networkpolicies", "--all", "--namespace", "lab");
        if (policies.length > 0) await cluster.apply(...policies);
        return Date.now();
    }

    /** Waits until what was changed has its effect on every caller, for 3 s, and then says what it is. */
    async function tryAllAsIn(table: string): Promise<string> {
        const expected = signs(readTable(table));
        const deadline = Date.now() + 3000;
        while (signs(await tryAll()) !== expected && Date.now() < deadline);
        return signs(await tryAll());
    }

    describe("decide who reaches whom", () => {
        for (const { title, policies, table } of situations) {
            it(title, async () => {
                await setPolicies(policies);
                expect(await tryAllAsIn(table)).to.equal(signs(readTable(table)));
            });
        }
    });

    it("let in who comes from the machine by the addresses of the nodes' network", async () => {
        const machine = cluster.probe("machine");
        const port = Number(
            await kubectl(
                ...["get", "service", "--namespace", "lab", "broker", "--output"],
                "jsonpath={.spec.ports[0].nodePort}",
            ),
        );
        await setPolicies(engines.policies);
        expect(await machine.watch("127.0.0.1", port, false, 20), "engines are let in").to.be.instanceOf(Date);
        const { gateway, prefixLength } = nodeNetwork;
        const from = [{ ipBlock: { cidr: gateway.replace(/1$/, `0/${prefixLength}`) } }];
        await cluster.apply({
            apiVersion: "networking.k8s.io/v1",
            kind: "NetworkPolicy",
            metadata: { name: "machine", namespace: "lab" },
            spec: { podSelector: { matchLabels: { app: "broker" } }, policyTypes: ["Ingress"], ingress: [{ from }] },
        });
        expect(await machine.watch("127.0.0.1", port, true, 20), "nodes are let in").to.be.instanceOf(Date);
    });

    const [open, engines] = situations;
    const caller = (name: string) => {
        const probe = callers.get(name);
        if (!probe) throw new Error(`There is no caller ${name}.`);
        return probe;
    };

    describe("follow changes", () => {
        beforeEach(() => setPolicies(engines.policies));

        for (const place of ["same", "other"] as const) {
            it(`of a pod's labels, within 3 s (${place} node)`, async () => {
                const name = `other-${place}`;
                const label = async (value: string) => {
                    await kubectl("label", "pod", "--overwrite", "--namespace", "lab", name, `app=${value}`);
                    return Date.now();
                };
                const took = [];
                for (const [value, answers] of [
                    ["engine", true],
                    ["other", false],
                ] as const) {
                    // It waits for what is so before, too: otherwise nothing would be seen to change.
                    const before = await caller(`other ${place}`).watch(broker, 5672, !answers, 10);
                    expect(before, `${name} before it is ${value}`).to.be.instanceOf(Date);
                    const change = caller(`other ${place}`).watch(broker, 5672, answers, 20);
                    const labelled = await label(value);
                    const seen = await change;
                    expect(seen, `${name} when it is ${value}`).to.be.instanceOf(Date);
                    took.push(Math.max(0, Number(seen) - labelled) / 1000);
                }
                say(`on the ${place} node, let in ${took[0]} s after it was relabelled, out after ${took[1]} s`);
                expect(Math.max(...took)).to.be.at.most(3);
            });
        }

        it("but leave connections as they are", async () => {
            for (const place of ["same", "other"]) {
                const held = await caller(`engine ${place}`).hold("kept", broker, 5672);
                expect(held.how).to.equal("answers");
            }
            const [nobody] = situations.filter(({ title }) => title.startsWith("without a rule"));
            await setPolicies(nobody.policies);
            for (const place of ["same", "other"]) {
                const engine = caller(`engine ${place}`);
                expect(await engine.watch(broker, 5672, false, 10), "no new one").to.be.instanceOf(Date);
                expect((await engine.say("kept")).how, "the one that was there").to.equal("answers");
            }
        });
    });

    describe("when the program that knows them is gone from a node", () => {
        const program = "/node/programs/network-policies";
        const stop = `
            cp ${program} /node/network-policies
            printf '#!/bin/bash\necho $$ > /run/programs/network-policies\nexec sleep 2147483647\n' > ${program}`;
        const end = "kill -KILL $(cat /run/programs/network-policies)";

        before(async () => {
            await setPolicies(open.policies);
            expect((await caller("engine other").hold("kept", broker, 5672)).how).to.equal("answers");
            await cluster.inNode(nodes.same, stop + "\n" + end);
        });

        it("no pod of it makes or takes a new connection, selected by a policy or not", async () => {
            expect(await caller("engine other").watch(broker, 5672, false, 10)).to.be.instanceOf(Date);
            expect(await caller("engine same").watch(broker, 5672, false, 10)).to.be.instanceOf(Date);
            const tried = signs(await tryAll());
            const expected = `
                engine same      -            -             -            -               +
                engine other     -            -             -            +               +
                other same       -            -             -            -               +
                other other      -            -             -            +               +
                guest same       -            -             -            -               +
                guest other      -            -             -            +               +
                broker same      +            +             +            -               +
                node same        +            +             +            +               +
                node other       -            -             -            +               +`;
            expect(tried).to.equal(signs(readTable(expected)));
            expect((await caller("guest other").call(engine, 5672)).how).to.equal("answers");
        });

        it("connections that were there go on", async () => {
            expect((await caller("engine other").say("kept")).how).to.equal("answers");
        });

        it("all is as before once it is back", async () => {
            await cluster.inNode(nodes.same, `mv /node/network-policies ${program}\n${end}`);
            const ended = Date.now();
            const [there, back] = await Promise.all(
                ["engine other", "engine same"].map((name) => caller(name).watch(broker, 5672, true, 60)),
            );
            say(
                `back ${(Math.max(Number(there), Number(back)) - ended) / 1000} s after the program that stood in for it ended`,
            );
            expect(await tryAllAsIn(open.table)).to.equal(signs(readTable(open.table)));
        });

        it("while it hangs, the same holds", async () => {
            const send = (signal: string) =>
                cluster.inNode(nodes.same, `kill -${signal} $(cat /run/programs/network-policies)`);
            await send("STOP");
            expect(await caller("engine other").watch(broker, 5672, false, 10)).to.be.instanceOf(Date);
            expect(await caller("engine same").watch(broker, 5672, false, 10)).to.be.instanceOf(Date);
            expect((await caller("engine other").say("kept")).how).to.equal("answers");
            await send("CONT");
            expect(await caller("engine same").watch(broker, 5672, true, 10)).to.be.instanceOf(Date);
        });
    });

    it("hold from a pod's first moment, before the API server has its address", async () => {
        const late: Manifest = {
            apiVersion: "networking.k8s.io/v1",
            kind: "NetworkPolicy",
            metadata: { name: "late", namespace: "lab" },
            spec: {
                podSelector: { matchLabels: { app: "late" } },
                policyTypes: ["Egress"],
                egress: [{ to: [{ podSelector: { matchLabels: { app: "broker" } } }] }],
            },
        };
        await setPolicies([late]);
        // It begins a connection to each address every 20 ms for 3 s, and says how many were answered.
        const script = `
            const { connect } = require("node:net");
            const answered = {};
            const attempt = (host) => {
                answered[host] ??= 0;
                const socket = connect(5672, host, () => {
                    answered[host]++;
                    socket.destroy();
                });
                socket.on("error", () => undefined);
            };
            const timer = setInterval(() => process.argv.slice(1).forEach(attempt), 20);
            setTimeout(() => clearInterval(timer), 3000);
            setTimeout(() => process.exit(console.log(JSON.stringify(answered))), 5000);`;
        const pods = ["late1", "late2", "late3"];
        const options = {
            namespace: "lab",
            node: nodes.same,
            labels: { app: "late" },
            ports: [],
            container: { command: ["node", "--eval", script, broker, engine], readinessProbe: undefined },
            spec: { restartPolicy: "Never" },
        };
        await cluster.apply(...pods.map((name) => pod(name, options)));
        for (const name of pods) {
            const ended = ["--for=jsonpath={.status.phase}=Succeeded", "--timeout=60s"];
            await kubectl("wait", "--namespace", "lab", `pod/${name}`, ...ended);
            const answered = JSON.parse(await kubectl("logs", "--namespace", "lab", name)) as Record<string, number>;
            say(
                `connections of ${name} in its first 3 s: ${answered[broker]} to whom it may call, ${answered[engine]} to another`,
            );
            expect(answered[broker]).to.be.greaterThan(50);
            expect(answered[engine]).to.equal(0);
        }
    });
});
