import { expect } from "chai";
import {
    containerdConfiguration,
    corefile,
    kubeletConfiguration,
    networkConfiguration,
    proxyConfiguration,
} from "../../../../local/cluster/configuration";
import { lossTimes, programsOf, type Program } from "../../../../local/cluster/programs";
import { controlPlane, describeNode, describeNodes, mostNodes } from "../../../../local/cluster/settings";

const worker = describeNode(2);

describe("the nodes' configuration", () => {
    it("gives no two nodes the same name, zone, address, pod addresses, box or directory", () => {
        const nodes = describeNodes(mostNodes);
        for (const key of ["name", "index", "zone", "address", "podSubnet", "box", "directory"] as const)
            expect(new Set(nodes.map((node) => node[key])).size, key).to.equal(mostNodes);
        // Linux takes no longer name for an interface, and the node's is that of its link.
        for (const { name } of nodes) expect(name.length).to.be.below(16);
    });

    it("quotes the sandbox image for containerd", () => {
        expect(containerdConfiguration("localhost/a:1")).to.include('\nsandbox_image = "localhost/a:1"\n');
    });

    it("gives pods addresses of their node's own part, and a route to everywhere", () => {
        for (const node of [controlPlane, worker]) {
            const { plugins } = networkConfiguration(node) as {
                plugins: { type: string; ipam: { ranges: unknown; routes: unknown } }[];
            };
            // A bridge would let pods of one node pass by the node's filter.
            expect(plugins.map(({ type }) => type)).to.deep.equal(["ptp"]);
            expect(plugins[0].ipam.ranges).to.deep.equal([[{ subnet: node.podSubnet }]]);
            expect(plugins[0].ipam.routes).to.deep.equal([{ dst: "0.0.0.0/0" }]);
        }
    });

    it("has each node answer its own pods' questions for names, and ask nobody else", () => {
        for (const node of [controlPlane, worker]) {
            expect(kubeletConfiguration(node, 3)).to.deep.include({ clusterDNS: [node.address] });
            expect(corefile(node)).to.include(`bind ${node.address}\n`);
            expect(corefile(node)).not.to.include("forward");
        }
    });

    it("has every node tell that it is there at least twice within the time after which it is taken for lost", () => {
        for (const nodes of [1, 2, mostNodes]) {
            const { nodeLeaseDurationSeconds } = kubeletConfiguration(worker, nodes) as Record<string, number>;
            // The kubelet renews it when a quarter of it has passed.
            expect(nodeLeaseDurationSeconds / 4).to.be.at.most(lossTimes(nodes).graceSeconds / 2);
            expect(nodeLeaseDurationSeconds).to.be.below(lossTimes(nodes).graceSeconds);
        }
    });

    it("asks for what Kubernetes would take for nothing said nowhere", () => {
        const { iptables } = proxyConfiguration() as { iptables: { minSyncPeriod: string } };
        // Zero is its default, a second: pkg/proxy/apis/config/v1alpha1/defaults.go.
        expect(iptables.minSyncPeriod).to.match(/^[1-9]\d*ms$/);
    });
});

describe("the nodes' programs", () => {
    const named = (programs: readonly Program[]) => programs.map(({ name }) => name);
    const commandOf = (programs: readonly Program[], name: string) =>
        programs.find((program) => program.name === name)?.command ?? [];

    it("are those of the control plane on the first node alone", () => {
        const everywhere = ["containerd", "kubelet", "kube-proxy", "coredns", "network-policies"];
        const control = [
            "etcd",
            "kube-apiserver",
            "kube-controller-manager",
            "kube-scheduler",
            "directory-provisioner",
        ];
        expect(named(programsOf(worker, 3)))
            .to.include.members(everywhere)
            .and.not.to.include.oneOf(control);
        expect(named(programsOf(controlPlane, 3))).to.include.members([...everywhere, ...control]);
    });

    it("have names of their own, and no port for their health twice", () => {
        for (const node of describeNodes(3)) {
            const programs = programsOf(node, 3);
            expect(new Set(named(programs)).size, node.name).to.equal(programs.length);
            const ports = programs.flatMap(({ health }) => (typeof health === "object" ? health.port : []));
            expect(new Set(ports).size, node.name).to.equal(ports.length);
        }
    });

    it("bear their node's name, address and zone", () => {
        const programs = programsOf(worker, 3);
        expect(commandOf(programs, "kubelet")).to.include.members([
            "--hostname-override=node2",
            `--node-ip=${worker.address}`,
            "--node-labels=topology.kubernetes.io/zone=zone2",
        ]);
        expect(commandOf(programs, "kube-proxy")).to.include("--hostname-override=node2");
        expect(commandOf(programs, "network-policies")).to.include("--node=node2");
    });

    it("have etcd listen on the node's loopback alone", () => {
        const urls = commandOf(programsOf(controlPlane, 3), "etcd").filter((arg) => arg.includes("-urls="));
        expect(urls).to.have.lengthOf(5);
        for (const url of urls) expect(url).to.match(/=https?:\/\/127\.0\.0\.1:\d+$/);
    });

    it("find a lost node soon where there are others, and patiently where there are none", () => {
        const flags = (nodes: number) => programsOf(controlPlane, nodes).flatMap(({ command }) => command);
        expect(flags(3)).to.include.members([
            "--node-monitor-grace-period=9s",
            "--default-unreachable-toleration-seconds=3",
            "--default-not-ready-toleration-seconds=3",
        ]);
        expect(flags(1)).to.include.members([
            "--node-monitor-grace-period=50s",
            "--default-unreachable-toleration-seconds=300",
            "--default-not-ready-toleration-seconds=300",
        ]);
    });
});
