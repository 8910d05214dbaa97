import { hasUnknown, isObject, unknownValue, withoutSecrets, type Properties, type Value } from "../properties";
import type { DiffKind, DiffRequest, DiffResult } from "../provider";
import { kindOf, type Kind } from "./kinds";
import { annotation, autonamed, nameOf, namespaceOf, withMetadata } from "./metadata";
import { normalize } from "./normalize";
import { prune } from "./prune";
import type { Settings } from "./settings";
import { readState } from "./state";

type Path = readonly (string | number)[];
type Detailed = Map<string, { kind: DiffKind; inputDiff: boolean }>;

/**
 * Compares the object as last seen, cut down to what the old inputs say, with the new inputs.
 *
 * @param isReady whether the live object of a Job is complete; asked only if `pulumi.com/replaceUnready` says to.
 */
export async function diff(
    request: DiffRequest,
    settings: Settings,
    isReady: (live: Properties) => Promise<boolean>,
): Promise<DiffResult> {
    const kind = kindOf(request.type);
    let inputs = normalize(withoutSecrets(request.inputs), kind);
    const { inputs: oldInputs, live } = readState(request.oldState, inputs);
    let old = prune(live, normalize(oldInputs, kind));
    if (kind.namespaced) {
        // An object without a namespace is in `default`.
        old = withMetadata(old, { namespace: namespaceOf(old) || "default" });
        inputs = withMetadata(inputs, { namespace: namespaceOf(inputs) || "default" });
    }
    if (nameOf(inputs) !== "") old = withMetadata(old, { name: nameOf(live) });

    const replaceOn = replacingFields(kind, inputs, settings);
    const detailed: Detailed = new Map();
    compareObjects([], old, inputs, replaceOn, detailed);
    for (const ignored of request.ignoreChanges) {
        for (const path of detailed.keys()) {
            if (path === ignored || path.startsWith(`${ignored}.`) || path.startsWith(`${ignored}[`))
                detailed.delete(path);
        }
    }
    const replaces = [...detailed].filter(([, { kind: change }]) => change.endsWith("_REPLACE")).map(([path]) => path);

    if (kind.kind === "Job" && annotation(inputs, "pulumi.com/replaceUnready") === "true" && !(await isReady(live))) {
        replaces.push('.metadata.annotations["pulumi.com/replaceUnready"]');
    }
    return {
        changed: detailed.size > 0 || replaces.length > 0,
        replaces,
        // Two objects of one name cannot exist at once; an automatic name will be another one.
        deleteBeforeReplace:
            replaces.length > 0 &&
            nameOf(inputs) !== "" &&
            !hasUnknown(nameOf(inputs)) &&
            annotation(inputs, autonamed) !== "true" &&
            nameOf(inputs) === nameOf(live) &&
            namespaceOf(inputs) === namespaceOf(live),
        detailed,
    };
}

function replacingFields(kind: Kind, inputs: Properties, settings: Settings): string[][] {
    const own =
        kind.kind === "ConfigMap" && settings.configMapMutable && inputs.immutable !== true ? [] : kind.replaceOn;
    return ["metadata.name", "metadata.namespace", ...own].map((field) => field.split("."));
}

function compareObjects(path: Path, old: Properties, wished: Properties, replaceOn: string[][], found: Detailed): void {
    for (const key of new Set([...Object.keys(wished), ...Object.keys(old)])) {
        compare([...path, key], old[key], wished[key], replaceOn, found);
    }
}

function compare(
    path: Path,
    old: Value | undefined,
    wished: Value | undefined,
    replaceOn: string[][],
    found: Detailed,
): void {
    if (wished === unknownValue) {
        note(old === undefined ? "ADD" : "UPDATE");
    } else if (wished === undefined) {
        note("DELETE");
    } else if (old === undefined) {
        note("ADD");
    } else if (isObject(old) && isObject(wished)) {
        compareObjects(path, old, wished, replaceOn, found);
    } else if (Array.isArray(old) && Array.isArray(wished)) {
        for (let index = 0; index < Math.max(old.length, wished.length); index++) {
            compare([...path, index], old[index], wished[index], replaceOn, found);
        }
    } else if (old !== wished) {
        note("UPDATE");
    }

    function note(change: "ADD" | "DELETE" | "UPDATE"): void {
        const replaces = replaceOn.some((field) => touches(path, wished, field));
        found.set(pathText(path), {
            kind: replaces ? `${change}_REPLACE` : change,
            // Where the input is gone, only the inputs tell what was there.
            inputDiff: change === "DELETE",
        });
    }
}

/** Whether a field lies on the path to a change, or in the value that is put there. */
function touches(path: Path, value: Value | undefined, field: readonly string[]): boolean {
    const names = path.filter((part) => typeof part === "string");
    const common = Math.min(names.length, field.length);
    if (names.slice(0, common).join("\0") !== field.slice(0, common).join("\0")) return false;
    let current = value;
    for (const name of field.slice(common)) {
        if (!isObject(current) || current[name] === undefined) return false;
        current = current[name];
    }
    return true;
}

/** A property path as Pulumi writes it: `spec.containers[0].image`, `data["allow.txt"]`. */
function pathText(path: Path): string {
    let text = "";
    for (const part of path) {
        if (typeof part === "number") text += `[${part}]`;
        else if (/[."[\]]/.test(part)) text += `["${part.replaceAll('"', '\\"')}"]`;
        else text += text === "" ? part : `.${part}`;
    }
    return text;
}
