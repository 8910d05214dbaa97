import { at, isObject, stringAt, type Properties } from "../properties";

/** Marks an object whose name Check made up, so that a replacement may get another one. */
export const autonamed = "pulumi.com/autonamed";

export function annotation(object: Properties, key: string): string {
    return stringAt(object, "metadata", "annotations", key);
}

export function nameOf(object: Properties): string {
    return stringAt(object, "metadata", "name");
}

export function namespaceOf(object: Properties): string {
    return stringAt(object, "metadata", "namespace");
}

/** A resource's id: `<namespace>/<name>`, or the name alone. */
export function idOf(object: Properties): string {
    const namespace = namespaceOf(object);
    return namespace === "" ? nameOf(object) : `${namespace}/${nameOf(object)}`;
}

export function fromId(id: string): { readonly namespace: string; readonly name: string } {
    const [first = "", second] = id.split("/");
    return second === undefined ? { namespace: "", name: first } : { namespace: first, name: second };
}

/** A copy with fields of metadata changed; annotations are added to those that are there. */
export function withMetadata(
    object: Properties,
    change: { readonly name?: string; readonly namespace?: string; readonly annotations?: Properties },
): Properties {
    const metadata = at(object, "metadata");
    const old = isObject(metadata) ? metadata : {};
    const { annotations, ...rest } = change;
    const result: Properties = { ...old, ...(rest as Properties) };
    if (annotations) result.annotations = { ...(isObject(old.annotations) ? old.annotations : {}), ...annotations };
    return { ...object, metadata: result };
}
