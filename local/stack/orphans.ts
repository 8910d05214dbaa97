import { join } from "node:path";
import { readKubectl } from "../cluster/cluster";
import { machine } from "../machine/paths";

/** Kinds that the program makes. Namespaces and volumes come last: what is in them, or uses them, goes first. */
const kinds = [
    "deployments",
    "statefulsets",
    "jobs",
    "services",
    "networkpolicies",
    "configmaps",
    "secrets",
    "persistentvolumeclaims",
    "namespaces",
    "persistentvolumes",
];

/** An object of the cluster, as far as it is looked at here. */
export interface ClusterObject {
    readonly kind: string;
    readonly metadata: {
        readonly name: string;
        readonly namespace?: string;
        readonly deletionTimestamp?: string;
        readonly managedFields?: readonly { readonly manager?: string }[];
    };
    /** Of a PersistentVolume. */
    readonly spec?: {
        readonly hostPath?: { readonly path: string };
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

/** Whether a name is one that Pulumi has drawn for this one: with eight digits behind it. */
function isDrawnFor(name: string, drawn: string): boolean {
    return drawn.startsWith(`${name}-`) && /^[0-9a-f]{8}$/.test(drawn.slice(name.length + 1));
}

/** Whether an object can only be of this stack: it is, or is in, the stack's namespace, or is a volume of its documents. */
function isOf(stack: string, { kind, metadata, spec }: ClusterObject): boolean {
    const isOwnNamespace = (name: string) => isDrawnFor(`document-sync-${stack}`, name);
    if (kind === "Namespace") return isOwnNamespace(metadata.name);
    if (kind !== "PersistentVolume") return metadata.namespace !== undefined && isOwnNamespace(metadata.namespace);
    return (
        isDrawnFor("documents", metadata.name) &&
        spec?.hostPath?.path === join(machine.documents, stack) &&
        (spec.claimRef === undefined || isOwnNamespace(spec.claimRef.namespace))
    );
}

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
            isOf(stack, object) &&
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

async function list(...listed: string[]): Promise<ClusterObject[]> {
    const json = await readKubectl([
        ...["get", listed.join(","), "--all-namespaces", "--output", "json"],
        ...["--show-managed-fields"],
    ]);
    return (JSON.parse(json) as { items: ClusterObject[] }).items;
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
    const objects = await list(...kinds);
    const orphans = findOrphans(stack, known, objects);
    const namespaces = new Set(orphans.filter(({ kind }) => kind === "Namespace").map(({ metadata }) => metadata.name));
    for (const orphan of orphans) {
        // It goes with its namespace.
        if (orphan.metadata.namespace !== undefined && namespaces.has(orphan.metadata.namespace)) continue;
        console.log(`Nobody knows of ${keyOf(orphan)} any more: it is removed.`);
        await readKubectl(["delete", ...nameOf(orphan), "--ignore-not-found", "--cascade=foreground", patience]);
    }
    for (const object of objects) {
        if (!isOf(stack, object) || object.metadata.deletionTimestamp === undefined) continue;
        await readKubectl(["wait", "--for=delete", ...nameOf(object), patience]);
    }
}

/** Makes volumes of these resources free for a new claim, if theirs is gone: their reclaim policy is to be kept for it. */
export async function freeVolumes(known: readonly Resource[]): Promise<void> {
    const patch = JSON.stringify([{ op: "remove", path: "/spec/claimRef" }]);
    for (const volume of findWidowedVolumes(known, await list("persistentvolumes", "persistentvolumeclaims"))) {
        await readKubectl(["patch", ...nameOf(volume), "--type=json", "--patch", patch]);
    }
}
