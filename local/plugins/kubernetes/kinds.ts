import { deploymentRule } from "./await/deployment";
import { jobRule } from "./await/job";
import { persistentVolumeRule } from "./await/persistentVolume";
import { persistentVolumeClaimRule } from "./await/persistentVolumeClaim";
import type { MakeRule } from "./await/rule";
import { serviceRule } from "./await/service";
import { statefulSetRule } from "./await/statefulSet";

/** What the plugin knows of a kind of Kubernetes object. */
export interface Kind {
    /** As in a manifest, for example `apps/v1`. */
    readonly apiVersion: string;
    readonly kind: string;
    /** Its collection in the API's paths. */
    readonly plural: string;
    readonly namespaced: boolean;
    /** Fields that cannot be changed in place, besides name and namespace. */
    readonly replaceOn: readonly string[];
    /** When it counts as ready; absent: as soon as it exists. */
    readonly rule?: MakeRule;
    /** Whether a refresh looks at readiness too. */
    readonly readsReadiness?: boolean;
    /** Whether `pulumi.com/skipAwait` also means not to wait for the end of its deletion. */
    readonly skipsAwaitOnDelete?: boolean;
}

// Source of the fields and rules: the released plugin's behaviour, see README.md.
const volumeSources = [
    ...["awsElasticBlockStore", "azureDisk", "azureFile", "cephfs", "cinder", "csi", "fc", "flexVolume", "flocker"],
    ...["gcePersistentDisk", "glusterfs", "hostPath", "iscsi", "local", "nfs", "photonPersistentDisk"],
    ...["portworxVolume", "quobyte", "rbd", "scaleIO", "storageos", "vsphereVolume"],
];

const kinds: readonly Kind[] = [
    {
        ...{ apiVersion: "v1", kind: "Namespace", plural: "namespaces", namespaced: false },
        replaceOn: [],
        skipsAwaitOnDelete: true,
    },
    {
        ...{ apiVersion: "v1", kind: "PersistentVolume", plural: "persistentvolumes", namespaced: false },
        replaceOn: volumeSources.map((source) => `spec.${source}`),
        rule: persistentVolumeRule,
    },
    {
        ...{ apiVersion: "v1", kind: "PersistentVolumeClaim", plural: "persistentvolumeclaims", namespaced: true },
        replaceOn: ["spec.accessModes", "spec.selector", "spec.storageClassName", "spec.volumeName"],
        rule: persistentVolumeClaimRule,
    },
    {
        ...{ apiVersion: "v1", kind: "ConfigMap", plural: "configmaps", namespaced: true },
        replaceOn: ["data", "binaryData"],
    },
    {
        ...{ apiVersion: "v1", kind: "Secret", plural: "secrets", namespaced: true },
        replaceOn: ["type", "data", "stringData"],
    },
    {
        ...{ apiVersion: "v1", kind: "ServiceAccount", plural: "serviceaccounts", namespaced: true },
        replaceOn: [],
    },
    {
        ...{ apiVersion: "v1", kind: "Service", plural: "services", namespaced: true },
        replaceOn: ["spec.clusterIP"],
        rule: serviceRule,
        readsReadiness: true,
    },
    {
        ...{ apiVersion: "apps/v1", kind: "Deployment", plural: "deployments", namespaced: true },
        replaceOn: ["spec.selector"],
        rule: deploymentRule,
        readsReadiness: true,
        skipsAwaitOnDelete: true,
    },
    {
        ...{ apiVersion: "apps/v1", kind: "StatefulSet", plural: "statefulsets", namespaced: true },
        replaceOn: [
            "podManagementPolicy",
            "revisionHistoryLimit",
            "selector",
            "serviceName",
            "volumeClaimTemplates",
        ].map((field) => `spec.${field}`),
        rule: statefulSetRule,
        readsReadiness: true,
        skipsAwaitOnDelete: true,
    },
    {
        ...{ apiVersion: "batch/v1", kind: "Job", plural: "jobs", namespaced: true },
        replaceOn: ["spec.completions", "spec.parallelism", "spec.selector", "spec.template"],
        rule: jobRule,
        readsReadiness: true,
        skipsAwaitOnDelete: true,
    },
    {
        ...{ apiVersion: "networking.k8s.io/v1", kind: "NetworkPolicy", plural: "networkpolicies", namespaced: true },
        replaceOn: [],
    },
    {
        ...{ apiVersion: "policy/v1", kind: "PodDisruptionBudget", plural: "poddisruptionbudgets", namespaced: true },
        replaceOn: [],
    },
];

const byType = new Map(
    kinds.map((kind) => {
        const group = kind.apiVersion.includes("/") ? kind.apiVersion : `core/${kind.apiVersion}`;
        return [`kubernetes:${group}:${kind.kind}`, kind];
    }),
);

/** @param type for example `kubernetes:core/v1:Secret`. */
export function kindOf(type: string): Kind {
    const kind = byType.get(type);
    if (kind === undefined) {
        throw new Error(
            `the local kubernetes plugin does not know ${type}: it knows ${kinds.map((known) => known.kind).join(", ")}`,
        );
    }
    return kind;
}

/** Path of the collection of a kind, in a namespace if it is namespaced. */
export function collectionPath(kind: Pick<Kind, "apiVersion" | "plural" | "namespaced">, namespace: string): string {
    const root = kind.apiVersion.includes("/") ? `/apis/${kind.apiVersion}` : `/api/${kind.apiVersion}`;
    return kind.namespaced ? `${root}/namespaces/${namespace}/${kind.plural}` : `${root}/${kind.plural}`;
}
