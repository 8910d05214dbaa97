import { stackLabel } from "../../components/stackLabel";
import { readKubectl } from "../cluster/cluster";

/** An object of the cluster, as far as it is looked at here. */
export interface ClusterObject {
    readonly kind: string;
    readonly metadata: {
        readonly name: string;
        readonly namespace?: string;
        readonly labels?: Readonly<Record<string, string>>;
        readonly deletionTimestamp?: string;
        readonly managedFields?: readonly { readonly manager?: string }[];
    };
    /** Of a PersistentVolume. */
    readonly spec?: {
        readonly claimRef?: { readonly namespace: string; readonly name: string };
    };
}

/** A resource in a stack's state, as `pulumi stack export` prints it. */
export interface Resource {
    /** For example `kubernetes:core/v1:Namespace`. */
    readonly type: string;
    /** Of a Kubernetes object `<namespace>/<name>`, or the name alone. */
    readonly id?: string;
    /** It was deleted to make way for another of the same name, which is not written down yet. */
    readonly pendingReplacement?: boolean;
}

const keyOf = ({ kind, metadata: { namespace, name } }: ClusterObject) =>
    `${kind} ${namespace === undefined ? "" : `${namespace}/`}${name}`;

const keysOf = (resources: readonly Resource[]) =>
    new Set(
        resources
            .filter(({ type, pendingReplacement }) => type.startsWith("kubernetes:") && !pendingReplacement)
            .map(({ type, id }) => `${type.split(":")[2]} ${id}`),
    );

/**
 * Objects that Pulumi made for this stack and knows nothing of, since it was killed before it could write them down.
 *
 * @param known the resources of all stacks there are: what one of them knows is no orphan, whatever it looks like.
 */
export function findOrphans(
    stack: string,
    known: readonly Resource[],
    objects: readonly ClusterObject[],
): ClusterObject[] {
    const keys = keysOf(known);
    return objects.filter(
        (object) =>
            object.metadata.labels?.[stackLabel] === stack &&
            !keys.has(keyOf(object)) &&
            (object.metadata.managedFields ?? []).some(({ manager }) => manager?.startsWith("pulumi-kubernetes")),
    );
}

/** Volumes of these resources that are kept for a claim which is gone: no other claim could have them. */
export function findWidowedVolumes(known: readonly Resource[], objects: readonly ClusterObject[]): ClusterObject[] {
    const keys = keysOf(known);
    const claims = new Set(objects.filter(({ kind }) => kind === "PersistentVolumeClaim").map(keyOf));
    return objects.filter((object) => {
        const claim = object.spec?.claimRef;
        return (
            object.kind === "PersistentVolume" &&
            keys.has(keyOf(object)) &&
            claim !== undefined &&
            !claims.has(`PersistentVolumeClaim ${claim.namespace}/${claim.name}`)
        );
    });
}

async function list(kinds: readonly string[], ...options: string[]): Promise<ClusterObject[]> {
    const shape = ["--all-namespaces", "--output", "json", "--show-managed-fields"];
    return (JSON.parse(await readKubectl(["get", kinds.join(","), ...shape, ...options])) as { items: ClusterObject[] })
        .items;
}

/** Objects of the stack, of every kind that the cluster knows; the namespaces and volumes that others are in, or use, last. */
async function listOf(stack: string): Promise<ClusterObject[]> {
    const named = await readKubectl(["api-resources", "--verbs=list,delete", "--output", "name"]);
    // These are made by the cluster, and the cluster warns whoever asks for them.
    const kinds = named.split("\n").filter((kind) => kind !== "" && kind !== "endpoints");
    const objects = await list(kinds, "--selector", `${stackLabel}=${stack}`);
    const isUsed = ({ kind }: ClusterObject) => Number(kind === "Namespace") + 2 * Number(kind === "PersistentVolume");
    return objects.sort((one, other) => isUsed(one) - isUsed(other));
}

const nameOf = ({ kind, metadata: { namespace, name } }: ClusterObject) => [
    `${kind}/${name}`,
    ...(namespace === undefined ? [] : ["--namespace", namespace]),
];

/** Long enough for the pods of a namespace to end. */
const patience = "--timeout=3m";

/**
 * Removes the stack's orphans from the cluster, and waits for those of its objects that are already being deleted. The
 * documents stay: their volumes are `Retain`, and their directory belongs to no object.
 */
export async function removeOrphans(stack: string, known: readonly Resource[]): Promise<void> {
    const objects = await listOf(stack);
    const orphans = findOrphans(stack, known, objects);
    const namespaces = new Set(orphans.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name));
    for (const orphan of orphans) {
        // It goes with its namespace.
        if (orphan.metadata.namespace !== undefined && namespaces.has(orphan.metadata.namespace)) continue;
        console.log(`Nobody knows of ${keyOf(orphan)} any more: it is removed.`);
        await readKubectl(["delete", ...nameOf(orphan), "--ignore-not-found", "--cascade=foreground", patience]);
    }
    for (const object of objects) {
        if (object.metadata.deletionTimestamp === undefined) continue;
        await readKubectl(["wait", "--for=delete", ...nameOf(object), patience]);
    }
}

/** Makes volumes of these resources free for a new claim, if theirs is gone: their reclaim policy is to be kept for it. */
export async function freeVolumes(known: readonly Resource[]): Promise<void> {
    const patch = JSON.stringify([{ op: "remove", path: "/spec/claimRef" }]);
    for (const volume of findWidowedVolumes(known, await list(["persistentvolumes", "persistentvolumeclaims"]))) {
        await readKubectl(["patch", ...nameOf(volume), "--type=json", "--patch", patch]);
    }
}
