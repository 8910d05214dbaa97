import { expect } from "chai";
import { apiServerPorts, controlPlane, describeNode, nodeNetwork } from "../../../local/cluster/settings";
import { type TestCluster } from "./cluster";
import { namespace, pod, service } from "./manifests";
import { Probe, probeArguments } from "./probe";
import { sharedCluster } from "./sharedCluster";

/** Addresses that are for documentation (RFC 5737): the machine's, its neighbour's, and one's who lies behind the machine. */
const addresses = { machine: "198.51.100.1", neighbour: "198.51.100.2", behind: "203.0.113.2" } as const;

describe("a neighbour, whose next hop is the machine", function () {
    this.timeout("10m");

    let cluster: TestCluster;
    let neighbour: Probe;

    /** What there is in the cluster, and who reaches it there. */
    let inside: { readonly what: string; readonly host: string; readonly port: number; readonly caller: Probe }[];

    const kubernetesName = "kubernetes.default.svc.cluster.local";

    /** Runs the probe's program in a network of its own, beside the machine's. */
    const spawnIn = (network: string, ...ports: number[]) =>
        cluster.machine.spawn("ip", ["netns", "exec", network, process.execPath, ...probeArguments(...ports)], {
            stdin: "pipe",
        });

    before(async function () {
        if (process.getuid?.() !== 0) {
            console.log("      skipped: a machine of one's own takes root");
            this.skip();
        }
        cluster = await sharedCluster();
        await cluster.start(3);
        // The neighbour's lo is down, so that it has no 127.0.0.1 of its own, and asks the machine for that one too.
        await cluster.machine.mustRun("bash", [
            "-ec",
            `
            sysctl -qw net.ipv4.ip_forward=1
            for name in neighbour behind; do
                ip netns add $name
                ip link add $name type veth peer name eth0 netns $name
                ip link set $name up
                ip -n $name link set eth0 up
            done
            ip address add ${addresses.machine}/24 dev neighbour
            ip address add 203.0.113.1/24 dev behind
            ip -n neighbour address add ${addresses.neighbour}/24 dev eth0
            ip -n neighbour route add default via ${addresses.machine}
            ip netns exec neighbour sysctl -qw net.ipv4.conf.all.route_localnet=1
            ip -n neighbour route add 127.0.0.1 via ${addresses.machine}
            ip -n behind address add ${addresses.behind}/24 dev eth0
            ip -n behind route add default via 203.0.113.1`,
        ]);
        neighbour = new Probe("the neighbour", spawnIn("neighbour"));

        const ports = [5672, 15692, 9076];
        await cluster.apply(namespace("lab"));
        await cluster.apply(
            pod("broker", { namespace: "lab", node: "node2", labels: { app: "broker" }, ports }),
            pod("caller", { namespace: "lab", node: "node1", ports }),
            service("broker", { namespace: "lab", port: 5672, nodePort: 0 }),
        );
        await cluster.waitForPods("--all", "--namespace", "lab");
        const read = (kind: string, path: string) =>
            cluster.kubectl("get", kind, "--namespace", "lab", "broker", "--output", `jsonpath={${path}}`);
        const podAddress = await read("pod", ".status.podIP");
        const serviceAddress = await read("service", ".spec.clusterIP");
        const nodePort = Number(await read("service", ".spec.ports[0].nodePort"));

        const inPod = cluster.probe({ namespace: "lab", pod: "caller" });
        const onNode = cluster.probe({ node: controlPlane.name });
        const inBox = cluster.probe("box");
        const onMachine = cluster.probe("machine");
        const loopback = "127.0.0.1";
        inside = [
            { what: "AMQP", host: podAddress, port: 5672, caller: inPod },
            { what: "metrics", host: podAddress, port: 15692, caller: inPod },
            { what: "an engine", host: podAddress, port: 9076, caller: inPod },
            { what: "AMQP at a Service", host: serviceAddress, port: 5672, caller: inPod },
            { what: "the API server's Service", host: "10.96.0.1", port: 443, caller: inPod },
            { what: "the API server", host: controlPlane.address, port: apiServerPorts.node, caller: inBox },
            { what: "the API server on the machine", host: loopback, port: apiServerPorts.machine, caller: onMachine },
            { what: "a node port on the machine", host: loopback, port: nodePort, caller: onMachine },
            ...[controlPlane, describeNode(2)].flatMap(({ name, address }) => [
                { what: `a node port of ${name}`, host: address, port: nodePort, caller: inBox },
                { what: `the kubelet of ${name}`, host: address, port: 10250, caller: inBox },
            ]),
            { what: "etcd", host: loopback, port: 2379, caller: onNode },
            { what: "etcd's metrics", host: loopback, port: 2381, caller: onNode },
            { what: "the controller manager", host: controlPlane.address, port: 10257, caller: inBox },
        ];
    });

    after(async () => {
        neighbour?.end();
        await cluster?.machine.run("bash", [
            "-c",
            "for name in neighbour behind; do ip link delete $name; ip netns delete $name; done",
        ]);
        await cluster?.clear();
    });

    /** Whether somebody took a connection, even if it said nothing. */
    const isTaken = async (caller: Probe, host: string, port: number) =>
        ["answers", "closes"].includes((await caller.call(host, port)).how);

    it("reaches the machine, and through it who lies behind", async () => {
        cluster.machine.spawn(process.execPath, probeArguments(7007));
        spawnIn("behind", 7007);
        for (const host of [addresses.machine, addresses.behind])
            expect(await neighbour.watch(host, 7007, true, 20), host).to.be.instanceOf(Date);
    });

    it("reaches nothing of what is reached inside, at no address", async () => {
        for (const { what, host, port, caller } of inside)
            expect(await isTaken(caller, host, port), `inside: ${what}, ${host}:${port}`).to.equal(true);
        const hosts = new Set([...inside.map(({ host }) => host), nodeNetwork.gateway, addresses.machine]);
        const ports = new Set(inside.map(({ port }) => port));
        const tried = [...hosts].flatMap((host) =>
            [...ports].map(async (port) => ((await isTaken(neighbour, host, port)) ? [`${host}:${port}`] : [])),
        );
        console.log(`      connections tried: ${tried.length}`);
        expect((await Promise.all(tried)).flat()).to.deep.equal([]);
    });

    it("has no names resolved", async () => {
        const caller = cluster.probe("box");
        for (const { address } of [controlPlane, describeNode(2)]) {
            expect(await caller.resolve(kubernetesName, address), "inside").to.equal("10.96.0.1");
            expect(await neighbour.resolve(kubernetesName, address)).to.match(/^E/);
        }
    });
});
