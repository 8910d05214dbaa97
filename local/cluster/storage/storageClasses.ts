import { machine } from "../../machine/paths";
import { replicatedVolumes } from "./gluster";

/** Makes volumes in a directory that all nodes have; also in toolchain/kubernetes/provisioner.go. */
const provisioner = "document-sync/directories";

function storageClass(name: string, directory: string, reclaimPolicy: "Delete" | "Retain") {
    return {
        apiVersion: "storage.k8s.io/v1",
        kind: "StorageClass",
        metadata: { name },
        provisioner,
        parameters: { directory },
        reclaimPolicy,
        // Every node has every volume, so no pod needs to be placed first.
        volumeBindingMode: "Immediate",
    };
}

/** A class by which a volume goes with its claim, and one by which it stays. Volumes of both can be mounted ReadWriteMany. */
const classesOver = (name: string, directory: string) => [
    storageClass(name, directory, "Delete"),
    storageClass(`${name}-retained`, directory, "Retain"),
];

/**
 * Manifests of the cluster's StorageClasses, as `kubectl apply` takes them: `shared`, of a directory of the machine, and
 * `replicated`, of the file system that no single node's loss takes away; each also as `…-retained`.
 *
 * @param hasReplicas whether the nodes have the replicated file system.
 */
export function storageClasses(hasReplicas: boolean): string {
    const items = [
        ...classesOver("shared", machine.shared),
        ...(hasReplicas ? classesOver("replicated", replicatedVolumes) : []),
    ];
    return JSON.stringify({ apiVersion: "v1", kind: "List", items });
}
