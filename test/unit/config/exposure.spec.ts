import { expect } from "chai";
import { defaultNodeHost } from "../../../config/groups/exposure";
import { installMocks } from "../mocks";
import { declared } from "../stackConfig";
import { accepted, refusal, refuses, takes } from "./refusals";

const label = (length: number) => "a".repeat(length);
const name = (length: number) => `${`${label(49)}.`.repeat(5)}${label(length - 250)}`;

describe("nodeHost", () => {
    describe("is a host:", () => {
        refuses("nodeHost", "must be a host name or an address, without scheme or port", [
            ...["", " ", ".", "..", "-", "a b", " a", "a ", "a\n", "a\0b", "a\tb", "*", "*.example.com", "{}"],
            ...["[]", "$(id)", "`id`"],
            ...['x"y', "x'y", "x;y", "x|y", "x&y", "x\\y", "x,y", "x<y", "x%41y", "%61", "x+y", "x=y", "x!y"],
            ...["x~y", "x_y"],
            ...["a..b", ".a", "a.", "-a", "a-", "a.-b", "a-.b", "ä.example.com", "日本"],
            ["a\u202eb", '"a\\u202eb"'],
            ["a\u200bb", '"a\\u200bb"'],
            ...[name(254), label(64), `${label(64)}.example.com`, label(400)],
        ]);
        takes("nodeHost", [
            name(253),
            label(63),
            "a",
            "node",
            "node.example.com",
            "NODE-1.Example.COM",
            "1a.example",
            "a1",
        ]);
        takes("nodeHost", ["xn--bcher-kva.example", "localhost", "host.minikube.internal", "3com.com"]);
    });

    describe("has no scheme, port, user or path:", () => {
        refuses("nodeHost", "must be a host name or an address, without scheme or port", [
            ...["ws://192.0.2.1", "http://node", "192.0.2.1:9076", "node:9076", "[::1]:9076", "user@node", "node/"],
            ...["node/x"],
            ...["node?x", "node#x", "//node", "node:", "[::1]:"],
        ]);
    });

    describe("is an address, if it looks like one:", () => {
        refuses("nodeHost", "must be a host name or an address, without scheme or port", [
            ...["1", "1.2", "1.2.3", "256.1.1.1", "1.2.3.4.5", "1.2.3.4.", "0x7f.0.0.1", "0x7f000001"],
            ...["2130706433", "01.2.3.4"],
            ...["192.0.2.1/24", "192.0.2", "node.1", "node.0x1", "127.1", "1.2.3.04"],
            ...["::1::", ":", "::g", "12345::", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "[::1", "::1]", "[[::1]]"],
            ...["[node]"],
            ...["[192.0.2.1]", "fe80::1%eth0", "[fe80::1%eth0]", "[fe80::1%25eth0]", "::1/64", "::ffff:256.0.0.1"],
        ]);
        takes("nodeHost", ["127.0.0.1", "192.0.2.1", "0.0.0.0", "255.255.255.255"]);
    });

    describe("is in brackets if it is IPv6", () => {
        before(installMocks);
        for (const [nodeHost, host] of [
            ["::1", "[::1]"],
            ["[::1]", "[::1]"],
            ["2001:db8::7", "[2001:db8::7]"],
            ["[2001:DB8:0::7]", "[2001:DB8:0::7]"],
            ["::ffff:192.0.2.1", "[::ffff:192.0.2.1]"],
        ]) {
            it(nodeHost, () => {
                expect(accepted({ nodeHost }).exposure).to.include({ host });
                expect(URL.canParse(`ws://${host}:30000`)).to.equal(true);
            });
        }
    });
});

describe("node ports", () => {
    for (const key of ["engine1NodePort", "engine2NodePort"]) {
        describe(`of ${key} are ports that Kubernetes gives:`, () => {
            refuses(key, "must be a port from 30000 to 32767, or 0", [
                ...["", "1", "80", "9076", "29999", "32768", "65535", "70000", "99999999999999999999", "-1"],
                ...["-30000", "+30000"],
                ...["30000.0", "30000.5", "3e4", "1e309", "30_000", "30,000", "0x7530", "030000", "00", "-0"],
                ...["0.0", " 30000"],
                ...["30000 ", "30000\n", "NaN", "Infinity", "http", "true", "null", "[30000]", "{}", "３００００"],
                ...["30000-30001"],
            ]);
            takes(key, ["0", "30000", "31234", "32767"]);
        });
    }
});

describe("exposure", () => {
    before(installMocks);

    describe("is of a kind that there is:", () => {
        refuses("exposure", "must be nodePort or clusterIP", [
            ...["", "loadBalancer", "NodePort", "nodeport", "ClusterIP", "clusterip", "none", "nodePort "],
            ...["nodePort\n", "ingress"],
        ]);
    });

    it("is at ports of the node, chosen or fixed, or inside the cluster", () => {
        const host = "node.example.com";
        expect(accepted({ nodeHost: host }).exposure).to.deep.equal({
            kind: "nodePort",
            host,
            ports: [undefined, undefined],
        });
        expect(accepted({ engine1NodePort: 30761, engine2NodePort: 30762, nodeHost: host }).exposure).to.deep.equal({
            kind: "nodePort",
            host,
            ports: [30761, 30762],
        });
        expect(accepted({ exposure: "clusterIP" }).exposure).to.deep.equal({ kind: "clusterIP" });
    });

    it("knows Pulumi.yaml's own nodeHost", () => {
        expect(declared.nodeHost.default).to.equal(defaultNodeHost);
    });

    it("has two ports, not one twice", () => {
        expect(refusal({ engine1NodePort: 30761, engine2NodePort: 30761 })).to.equal(
            'engine1NodePort "30761" and engine2NodePort "30761" must differ.',
        );
    });

    it("leaves no room, inside the cluster, for what is the node's", () => {
        const start = "exposure is clusterIP, which leaves no room for";
        for (const [values, others] of [
            [{ nodeHost: "node" }, 'nodeHost "node": unset it'],
            [{ engine1NodePort: 30761 }, 'engine1NodePort "30761": unset it'],
            [{ engine2NodePort: 30762 }, 'engine2NodePort "30762": unset it'],
            [
                { engine1NodePort: 30761, engine2NodePort: 30761 },
                'engine1NodePort "30761" and engine2NodePort "30761": unset them',
            ],
            [
                { nodeHost: "::1", engine1NodePort: 30761, engine2NodePort: 30762 },
                'nodeHost "::1", engine1NodePort "30761" and engine2NodePort "30762": unset them',
            ],
        ] as const) {
            expect(refusal({ exposure: "clusterIP", ...values })).to.equal(`${start} ${others}, or exposure.`);
        }
    });

    it("is refused for both where the node's is wrong, too", () => {
        expect(refusal({ exposure: "clusterIP", engine1NodePort: 1 })).to.equal(
            'engine1NodePort must be a port from 30000 to 32767, or 0, and is "1".\n' +
                'exposure is clusterIP, which leaves no room for engine1NodePort "1": unset it, or exposure.',
        );
    });
});
