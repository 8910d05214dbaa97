import { expect } from "chai";
import { parse } from "yaml";
import { kubeconfigOf, kubeconfigsOf, withName } from "../../../../local/cluster/certificates";
import { apiServerUrls, controlPlane, describeNode } from "../../../../local/cluster/settings";

describe("the cluster's certificates and kubeconfigs", () => {
    it("have one name for all that is in a kubeconfig, so that it can be read with others, and the given URL", () => {
        const printed = {
            apiVersion: "v1",
            kind: "Config",
            clusters: [
                { name: "kubernetes", cluster: { server: apiServerUrls.node, "certificate-authority-data": "Y2E=" } },
            ],
            contexts: [{ name: "admin@kubernetes", context: { cluster: "kubernetes", user: "admin" } }],
            "current-context": "admin@kubernetes",
            users: [{ name: "admin", user: { "client-key-data": "a2V5" } }],
        };
        const named = withName(JSON.stringify(printed), "other", apiServerUrls.machine);
        expect(parse(named)).to.deep.equal({
            ...printed,
            clusters: [
                { name: "other", cluster: { server: apiServerUrls.machine, "certificate-authority-data": "Y2E=" } },
            ],
            contexts: [{ name: "other", context: { cluster: "other", user: "other" } }],
            "current-context": "other",
            users: [{ ...printed.users[0], name: "other" }],
        });
        expect(withName(named, "other", apiServerUrls.machine)).to.equal(named);
    });

    it("go to the nodes whose programs use them: a worker is given none with which another could be told what to do", () => {
        const worker = describeNode(2);
        expect([...kubeconfigsOf(worker).keys()]).to.have.members(["kubelet", "proxy", "dns", "networkPolicies"]);
        expect([...kubeconfigsOf(controlPlane).keys()]).to.have.members([
            ...kubeconfigsOf(worker).keys(),
            ...["controllerManager", "scheduler", "provisioner"],
        ]);
    });

    it("are a kubelet's own: none is another node's", () => {
        const [first, second] = [controlPlane, describeNode(2)].map((node) => kubeconfigsOf(node).get("kubelet"));
        expect(first).to.equal(kubeconfigOf(controlPlane));
        expect(second).to.equal(kubeconfigOf(describeNode(2)));
        expect(first).not.to.equal(second);
    });
});
