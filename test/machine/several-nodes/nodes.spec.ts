import { expect } from "chai";
import { X509Certificate } from "node:crypto";
import { once } from "node:events";
import { join } from "node:path";
import { parse } from "yaml";
import { machine as paths } from "../../../local/machine/paths";
import { eventually } from "../../../scenario/eventually";
import { type TestCluster } from "./cluster";
import { deployment, namespace, pod, service, sharedClaim } from "./manifests";
import { addressOf, isReady, type NodeObject, type PodObject } from "./objects";
import type { Probe } from "./probe";
import { sharedCluster } from "./sharedCluster";

const say = (line: string) => console.log(`      ${line}`);

const names = ["node1", "node2", "node3"];

describe("three nodes", function () {
    this.timeout("10m");

    let cluster: TestCluster;
    const kubectl = (...args: string[]) => cluster.kubectl(...args);
    const listNodes = () => cluster.list<NodeObject>("nodes");
    const listPods = (...args: string[]) => cluster.list<PodObject>("pods", "--namespace", "lab", ...args);

    /** The probes of pods, one on each node, by the node's name. */
    const inPods = new Map<string, Probe>();
    let pods: PodObject[];
    /** In the network of the machine that the cluster is on. */
    let machine: Probe;

    before(async function () {
        if (process.getuid?.() !== 0) {
            say("skipped: a machine of one's own takes root");
            this.skip();
        }
        cluster = await sharedCluster();
        say(`a start took ${await cluster.start(3)} s`);
    });

    after(() => cluster?.clear());

    it("are up again within 90 s when they were stopped, as many as before", async () => {
        say(`the stop took ${await cluster.stop()} s`);
        const seconds = await cluster.start();
        say(`the start took ${seconds} s`);
        expect(seconds).to.be.below(90);
        const nodes = await listNodes();
        expect(nodes.map(({ metadata }) => metadata.name)).to.have.members(names);
        expect(nodes.every(isReady)).to.equal(true);
    });

    it("are each in a zone of their own", async () => {
        const zones = (await listNodes()).map(({ metadata }) => metadata.labels?.["topology.kubernetes.io/zone"]);
        expect(zones).to.have.members(["zone1", "zone2", "zone3"]);
    });

    describe("and what they are given", () => {
        it("are the keys of their own programs: a worker has none of the cluster's, and sees none", async () => {
            const subjects = [];
            for (const name of ["dns", "kubelet", "networkPolicies", "proxy"]) {
                const { users } = parse(await cluster.inNode("node2", `cat /node/${name}.conf`)) as {
                    users: { user: { "client-certificate-data": string } }[];
                };
                const certificate = Buffer.from(users[0].user["client-certificate-data"], "base64");
                subjects.push(new X509Certificate(certificate).subject.split("\n").at(-1));
            }
            expect(subjects).to.deep.equal([
                "CN=document-sync:dns",
                "CN=system:node:node2",
                "CN=document-sync:network-policies",
                "CN=system:kube-proxy",
            ]);
            const directories = "/node /etc/kubernetes /root /run /var/lib/document-sync /var/lib/kubelet";
            const find = `grep -rIlE 'PRIVATE KEY|client-key-data' ${directories} 2> /dev/null || true`;
            // The last one is that of the kubelet's own port, which it makes itself.
            expect((await cluster.inNode("node2", find)).trim().split("\n").sort()).to.deep.equal([
                ...["dns", "kubelet", "networkPolicies", "proxy"].map((name) => `/node/${name}.conf`),
                "/var/lib/kubelet/pki/kubelet.key",
            ]);
        });

        it("lets no worker's program do what others must not", async () => {
            for (const name of ["dns", "kubelet", "networkPolicies", "proxy"]) {
                for (const action of [
                    "get secrets",
                    "create clusterrolebindings",
                    "create deployments",
                    "delete nodes",
                ]) {
                    const ask = `/run/kubernetes kubectl --kubeconfig /node/${name}.conf auth can-i ${action} --all-namespaces`;
                    const answer = await cluster.inNode("node2", `${ask} 2> /dev/null || true`);
                    expect(answer, `${name}: ${action}`).to.match(/^no\b/);
                }
            }
            const admin = ["auth", "can-i", "get", "secrets", "--all-namespaces"];
            expect((await kubectl(...admin)).trim()).to.match(/yes$/);
        });
    });

    describe("and their pods", () => {
        before(async () => {
            await cluster.apply(namespace("lab"));
            await cluster.apply(
                deployment("web", { namespace: "lab", replicas: 3, ports: [8080] }),
                service("web", { namespace: "lab", port: 8080 }),
                ...names.map((node) => pod(`on-${node}`, { namespace: "lab", node, ports: [8080] })),
            );
            await kubectl("rollout", "status", "--namespace", "lab", "--timeout=90s", "deployment/web");
            await cluster.waitForPods("--all", "--namespace", "lab");
            pods = await listPods();
            for (const node of names) inPods.set(node, cluster.probe({ namespace: "lab", pod: `on-${node}` }));
        });

        it("spread: a Deployment of three has one on each", () => {
            const web = pods.filter(({ metadata }) => metadata.labels?.app === "web");
            expect(web.map(({ spec }) => spec.nodeName)).to.have.members(names);
        });

        it("reach each other, on their own node and on others, and are seen with their own addresses", async () => {
            for (const [node, probe] of inPods) {
                const own = pods.find(({ metadata }) => metadata.name === `on-${node}`)?.status.podIP;
                for (const { metadata, status } of pods) {
                    const answer = await probe.call(status.podIP, 8080);
                    expect(answer, `${node} → ${metadata.name}`).to.deep.equal({
                        how: "answers",
                        by: `${metadata.name} ${own}`,
                    });
                }
            }
        });

        it("reach a Service by its name from every node, and each of its pods answers", async () => {
            const address = await kubectl(
                ...["get", "service", "--namespace", "lab", "web", "--output", "jsonpath={.spec.clusterIP}"],
            );
            for (const [node, probe] of inPods) {
                expect(await probe.resolve("web"), node).to.equal(address);
                const answers = await Promise.all(Array.from({ length: 40 }, () => probe.call("web", 8080)));
                const hosts = answers.map(({ by }) => by?.split(" ")[0]);
                const web = pods.filter(({ metadata }) => metadata.labels?.app === "web");
                expect(new Set(hosts), node).to.deep.equal(new Set(web.map(({ metadata }) => metadata.name)));
            }
        });

        it("have names resolved on every node, for the node too, and learn at once what is none", async () => {
            for (const node of await listNodes()) {
                const { name } = node.metadata;
                const server = addressOf(node);
                const full = "kubernetes.default.svc.cluster.local";
                for (const probe of [inPods.get(name), cluster.probe({ node: name })]) {
                    expect(await probe?.resolve(full, server), name).to.equal("10.96.0.1");
                    expect(await probe?.resolve("none.lab.svc.cluster.local", server), name).to.equal("ENOTFOUND");
                    expect((await probe?.call("10.96.0.1", 443))?.how, name).to.equal("answers");
                }
            }
        });
    });

    describe("and the machine's 127.0.0.1", () => {
        const host = "127.0.0.1";

        /** Makes a Service of type NodePort. @returns its port. */
        async function expose(name: string, nodePort = 0): Promise<number> {
            await cluster.apply(service(name, { namespace: "lab", app: "web", port: 8080, nodePort }));
            const path = "jsonpath={.spec.ports[0].nodePort}";
            return Number(await kubectl("get", "service", "--namespace", "lab", name, "--output", path));
        }

        before(() => (machine = cluster.probe("machine")));

        it("lead into the cluster by the port of a Service, from when it comes until it goes", async () => {
            const port = await expose("passing");
            const made = Date.now();
            const opened = await machine.watch(host, port, true, 20);
            expect(opened).to.be.instanceOf(Date);
            expect((await machine.hold("passing", host, port)).how).to.equal("answers");
            await kubectl("delete", "service", "--namespace", "lab", "passing");
            const removed = Date.now();
            const closed = await machine.watch(host, port, false, 20);
            expect(closed).to.be.instanceOf(Date);
            expect((await machine.call(host, port)).how).to.equal("refused");
            const seconds = (from: number, to?: Date) => Math.max(0, Number(to) - from) / 1000;
            say(
                `opened ${seconds(made, opened)} s after the Service came, closed ${seconds(removed, closed)} s after it went`,
            );
        });

        it("take a connection that stays", async () => {
            const port = await expose("web-outside");
            await machine.watch(host, port, true, 20);
            expect((await machine.hold("kept", host, port)).how).to.equal("answers");
        });

        it("as do the addresses of all nodes, in their own network", async () => {
            const port = await expose("web-outside");
            const box = cluster.probe("box");
            for (const node of await listNodes()) {
                expect((await box.call(addressOf(node), port)).how, node.metadata.name).to.equal("answers");
            }
        });

        it("say in a log of a port that another program holds, and lead there once it is free", async () => {
            const port = 31999;
            const script = `require("net").createServer((s) => s.end("other")).listen(${port}, "${host}", () => console.log())`;
            const other = cluster.machine.spawn(process.execPath, ["--eval", script]);
            try {
                await once(other.stdout!, "data");
                await expose("late", port);
                const log = join(paths.cluster, "logs", "forwarder.log");
                const lines = async () =>
                    (await cluster.machine.mustRun("cat", [log]))
                        .split("\n")
                        .filter((line) => line.includes(`${host}:${port}`));
                await eventually({
                    what: "the forwarder's log names the port",
                    within: 20,
                    read: lines,
                    until: ([line]) => line?.includes("address already in use"),
                });
                expect((await machine.call(host, port)).by).to.equal("other");
                // It tries again each second, and says so once.
                expect(await machine.watch(host, port, false, 2.5)).to.equal(undefined);
                expect(await lines()).to.have.lengthOf(1);
            } finally {
                // It is another process than the one that entered the machine.
                cluster.machine.kill((args) => args.includes(script));
            }
            await eventually({
                what: "a pod answers at the port",
                within: 20,
                read: () => machine.call(host, port),
                until: ({ how, by }) => how === "answers" && (by ?? "").startsWith("web-"),
            });
        });

        it("are not taken for somebody else's by the next start", async () => {
            const port = await expose("web-outside");
            const script = `const { portConflict } = require("./local/cluster/ports");
                Promise.all([16443, ${port}].map((port) => portConflict("It", port))).then(console.log)`;
            const said = await cluster.machine.mustRun(process.execPath, ["--import", "tsx", "--eval", script]);
            expect(said).to.equal("[ undefined, undefined ]\n");
        });
    });

    describe("and a volume that many may write", () => {
        for (const [storageClass, isKept] of [
            ["shared", false],
            ["shared-retained", true],
        ] as const) {
            it(`are one directory to the pods of all, which is ${isKept ? "kept" : "removed"} (${storageClass})`, async () => {
                const name = storageClass;
                const where = ["--namespace", "lab"];
                const claim = sharedClaim(name, "lab", storageClass);
                const volumes = [{ name: "shared", persistentVolumeClaim: { claimName: name } }];
                const container = { volumeMounts: [{ name: "shared", mountPath: "/shared" }] };
                const options = {
                    namespace: "lab",
                    labels: { app: name },
                    ports: [8080],
                    container,
                    spec: { volumes },
                };
                await cluster.apply(claim, ...names.map((node) => pod(`${name}-${node}`, { ...options, node })));
                await cluster.waitForPods("--selector", `app=${name}`, ...where);
                const inPodOn = (node: string, ...command: string[]) =>
                    kubectl("exec", ...where, `${name}-${node}`, "--", ...command);

                for (const node of names) await inPodOn(node, "sh", "-c", `echo ${node} > /shared/${node}`);
                for (const node of names)
                    expect(await inPodOn(node, "sh", "-c", "cd /shared && cat *"), node).to.equal(
                        `${names.join("\n")}\n`,
                    );

                const volume = await kubectl(
                    "get",
                    "persistentvolumeclaim",
                    ...where,
                    name,
                    "--output",
                    "jsonpath={.spec.volumeName}",
                );
                const path = await kubectl(
                    "get",
                    "persistentvolume",
                    volume,
                    "--output",
                    "jsonpath={.spec.hostPath.path}",
                );
                expect(path.startsWith(`${paths.shared}/`), path).to.equal(true);
                await kubectl("delete", ...where, "pods", "--selector", `app=${name}`);
                await kubectl("delete", ...where, "persistentvolumeclaim", name);
                if (isKept) {
                    await kubectl(
                        "wait",
                        `persistentvolume/${volume}`,
                        "--for=jsonpath={.status.phase}=Released",
                        "--timeout=60s",
                    );
                    expect(await cluster.machine.mustRun("ls", [path])).to.equal(`${names.join("\n")}\n`);
                } else {
                    await kubectl("wait", `persistentvolume/${volume}`, "--for=delete", "--timeout=60s");
                    expect((await cluster.machine.run("test", ["-e", path])).exitCode).to.equal(1);
                }
            });
        }
    });

    describe("after all that", () => {
        it("still have the connection that was made through 127.0.0.1", async () => {
            expect((await machine.say("kept")).how).to.equal("answers");
        });
    });
});
