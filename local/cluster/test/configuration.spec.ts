import { expect } from "chai";
import { parse, parseAllDocuments } from "yaml";
import { kubeadmConfiguration, withName } from "../certificates";
import { components } from "../components";
import { corefile, kubeletConfiguration, proxyConfiguration } from "../configuration";
import { containerdConfiguration, networkConfiguration } from "../containerd";
import { podNetwork, ports } from "../settings";

describe("the cluster's configuration", () => {
    it("has no port twice", () => {
        const all = Object.values(ports);
        expect(new Set(all).size).to.equal(all.length);
        expect(components.flatMap((component) => component.ports)).to.have.members(all);
    });

    it("has every component listen on loopback", () => {
        for (const { name, args, health } of components) {
            expect(new URL(health).hostname, name).to.equal("127.0.0.1");
            for (const arg of args) expect(arg, name).not.to.match(/0\.0\.0\.0|\[::\]/);
        }
        const kubelet = kubeletConfiguration() as Record<string, unknown>;
        expect([kubelet.address, kubelet.healthzBindAddress]).to.deep.equal(["127.0.0.1", "127.0.0.1"]);
        const proxy = proxyConfiguration() as Record<string, string>;
        expect(proxy.bindAddress).to.equal("127.0.0.1");
        expect(proxy.healthzBindAddress).to.equal(`127.0.0.1:${ports.proxyHealth}`);
        expect(proxy.metricsBindAddress).to.equal(`127.0.0.1:${ports.proxyMetrics}`);
        expect(proxy.nodePortAddresses).to.deep.equal(["127.0.0.0/8"]);
    });

    it("names what is in a kubeconfig, so that it can be read with others, and leaves the rest of it", () => {
        const printed = {
            apiVersion: "v1",
            kind: "Config",
            clusters: [{ name: "kubernetes", cluster: { server: "https://127.0.0.1:16443" } }],
            contexts: [{ name: "admin@kubernetes", context: { cluster: "kubernetes", user: "admin" } }],
            "current-context": "admin@kubernetes",
            users: [{ name: "admin", user: { "client-key-data": "a2V5" } }],
        };
        const named = withName(JSON.stringify(printed), "other");
        expect(parse(named)).to.deep.equal({
            ...printed,
            clusters: [{ ...printed.clusters[0], name: "other" }],
            contexts: [{ name: "other", context: { cluster: "other", user: "other" } }],
            "current-context": "other",
            users: [{ ...printed.users[0], name: "other" }],
        });
        expect(withName(named, "other")).to.equal(named);
    });

    it("has kubeadm make certificates for loopback, in the given directory", () => {
        const [init, cluster] = parseAllDocuments(kubeadmConfiguration("/keys")).map(
            (document) => document.toJS() as Record<string, unknown>,
        );
        expect(init.kind).to.equal("InitConfiguration");
        expect(cluster).to.include({
            certificatesDir: "/keys",
            controlPlaneEndpoint: `127.0.0.1:${ports.apiServer}`,
            kubernetesVersion: "v1.35.4",
        });
    });

    it("quotes the sandbox image for containerd", () => {
        expect(containerdConfiguration("localhost/a:1")).to.include('\nsandbox_image = "localhost/a:1"\n');
    });

    it("gives pods addresses of the bridge's network, with the bridge's own as their gateway", () => {
        const { plugins } = networkConfiguration() as { plugins: { bridge: string; ipam: { ranges: unknown } }[] };
        expect(plugins.map(({ bridge }) => bridge)).to.deep.equal(["dsync0"]);
        expect(plugins[0].ipam.ranges).to.deep.equal([[{ subnet: podNetwork.subnet, gateway: podNetwork.gateway }]]);
        // Linux takes no longer name for an interface.
        expect(podNetwork.bridge.length).to.be.below(16);
    });

    it("asks the machine's name servers only if it has some", () => {
        expect(corefile(true)).to.include("forward . /etc/resolv.conf");
        expect(corefile(false)).not.to.include("forward");
    });
});
