import { expect } from "chai";
import { findOrphans, findWidowedVolumes, type ClusterObject, type Resource } from "../../../../local/stack/orphans";

const managedFields = [{ manager: "pulumi-kubernetes" }, { manager: "kube-controller-manager" }];
const labels = { "document-sync/stack": "dev" };
const namespace = "document-sync-dev-0123abcd";

function object(kind: string, name: string, rest: Partial<ClusterObject["metadata"]> = {}): ClusterObject {
    return { kind, metadata: { name, labels, managedFields, ...rest } };
}

function volume(name: string, claim?: { namespace: string; name: string }): ClusterObject {
    return { ...object("PersistentVolume", name), spec: { claimRef: claim } };
}

const names = (objects: readonly ClusterObject[]) => objects.map(({ metadata }) => metadata.name);

describe("orphans of a stack that was cut off", () => {
    const find = (objects: ClusterObject[], known: Resource[] = []) => names(findOrphans("dev", known, objects));

    it("are what Pulumi made with its label, and knows nothing of", () => {
        const orphans = [
            object("Deployment", "engine1-11111111", { namespace }),
            object("Service", "rabbitmq", { namespace }),
            object("Namespace", namespace),
            volume("documents-22222222"),
            volume("documents-33333333", { namespace, name: "documents-44444444" }),
        ];
        expect(find(orphans)).to.deep.equal(names(orphans));
    });

    it("are never what a stack knows", () => {
        const known = [
            { type: "kubernetes:core/v1:Namespace", id: namespace },
            { type: "kubernetes:apps/v1:Deployment", id: `${namespace}/engine1-11111111` },
            { type: "kubernetes:core/v1:PersistentVolume", id: "documents-22222222" },
        ];
        const objects = [
            object("Namespace", namespace),
            object("Deployment", "engine1-11111111", { namespace }),
            volume("documents-22222222"),
        ];
        expect(find(objects, known)).to.deep.equal([]);
        expect(find([object("StatefulSet", "engine1-11111111", { namespace })], known)).to.deep.equal([
            "engine1-11111111",
        ]);
    });

    it("are what has the name of an object that was deleted to make way for it", () => {
        const id = `${namespace}/documents-writable-55555555`;
        const known = [{ type: "kubernetes:batch/v1:Job", id, pendingReplacement: true }];
        const job = object("Job", "documents-writable-55555555", { namespace });
        expect(find([job], known)).to.deep.equal(["documents-writable-55555555"]);
    });

    it("are never another stack's, nor made by somebody else", () => {
        const of = (stack: string) => ({ labels: { "document-sync/stack": stack } });
        const others = [
            object("Namespace", "document-sync-dev-two-0123abcd", of("dev-two")),
            object("Deployment", "engine1-11111111", {
                namespace: "document-sync-npm-test-0123abcd",
                ...of("npm-test"),
            }),
            object("PersistentVolume", "documents-22222222", of("npm-test")),
            object("Namespace", namespace, { labels: undefined }),
            object("Namespace", namespace, { labels: {} }),
            object("ConfigMap", "kube-root-ca.crt", {
                namespace,
                managedFields: [{ manager: "kube-controller-manager" }],
            }),
            object("ConfigMap", "mine", { namespace, managedFields: [{ manager: "kubectl-create" }] }),
            object("Secret", "unsaid", { namespace, managedFields: undefined }),
        ];
        expect(find(others)).to.deep.equal([]);
    });
});

describe("volumes whose claim is gone", () => {
    const known = [{ type: "kubernetes:core/v1:PersistentVolume", id: "documents-22222222" }];
    const widowed = volume("documents-22222222", { namespace, name: "documents-44444444" });

    it("are found, if the stack knows them", () => {
        expect(names(findWidowedVolumes(known, [widowed]))).to.deep.equal(["documents-22222222"]);
        expect(findWidowedVolumes([], [widowed])).to.deep.equal([]);
    });

    it("are none while the claim is there, or where there never was one", () => {
        const claim = object("PersistentVolumeClaim", "documents-44444444", { namespace });
        expect(findWidowedVolumes(known, [widowed, claim])).to.deep.equal([]);
        expect(findWidowedVolumes(known, [volume("documents-22222222")])).to.deep.equal([]);
    });
});
