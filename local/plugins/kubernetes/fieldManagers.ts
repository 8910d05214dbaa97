import { at, isObject, listAt, type Properties, type Value } from "../properties";
import { ApiError, type Client } from "./client";
import { creationManager } from "./objects";

/** Managers whose fields server-side apply takes over; without that a field that the program drops would stay. */
const takenOver: readonly { readonly manager: string; readonly operation: string }[] = [
    { manager: "kubectl", operation: "Apply" },
    { manager: "kubectl", operation: "Update" },
    { manager: "before-first-apply", operation: "Update" },
    { manager: creationManager, operation: "Update" },
];

export function isCreatedByUpdate(live: Properties): boolean {
    return managedFields(live).some((entry) => entry.operation === "Update" && isTakenOver(entry));
}

/** Controllers write their status into a new object all the time. */
const attempts = 5;

/**
 * Makes the given manager the owner of the fields that creation, or kubectl, set.
 *
 * @param live the object as it was read last; it is read again if it has changed meanwhile.
 */
export async function takeOverFields(
    client: Client,
    path: string,
    live: Properties,
    manager: string,
): Promise<Properties> {
    let current = live;
    for (let attempt = 1; ; attempt++) {
        const value = takeOver(current, manager);
        if (value === undefined) return current;
        try {
            return await client.request("PATCH", path, {}, { type: "application/json-patch+json", value });
        } catch (error) {
            if (!(error instanceof ApiError) || error.code !== 409 || attempt === attempts) throw error;
        }
        current = await client.request("GET", path);
    }
}

/** The patch for it, in JSON Patch; undefined if there is nothing to take over. */
function takeOver(live: Properties, manager: string): Value | undefined {
    const entries = managedFields(live);
    const theirs = entries.filter(isTakenOver);
    const [first] = theirs;
    if (first === undefined) return undefined;
    const isOurs = (entry: Properties) =>
        entry.manager === manager && entry.operation === "Apply" && !entry.subresource;
    const ours = [...entries.filter(isOurs), ...theirs];
    const owned = { ...first, manager, operation: "Apply", fieldsV1: union(ours.map((entry) => entry.fieldsV1)) };
    return [
        {
            op: "replace",
            path: "/metadata/managedFields",
            value: [owned, ...entries.filter((entry) => !isOurs(entry) && !isTakenOver(entry))],
        },
        // Fails if somebody changed the object meanwhile, and its managers with it.
        { op: "replace", path: "/metadata/resourceVersion", value: at(live, "metadata", "resourceVersion") ?? "" },
    ];
}

function managedFields(live: Properties): Properties[] {
    return listAt(live, "metadata", "managedFields").filter(isObject);
}

function isTakenOver(entry: Properties): boolean {
    return takenOver.some(
        ({ manager, operation }) => entry.manager === manager && entry.operation === operation && !entry.subresource,
    );
}

/** Trees of field names, laid over each other. */
function union(trees: readonly (Value | undefined)[]): Properties {
    const result: Properties = {};
    for (const tree of trees) {
        if (!isObject(tree)) continue;
        for (const [key, value] of Object.entries(tree)) result[key] = union([result[key], value]);
    }
    return result;
}
