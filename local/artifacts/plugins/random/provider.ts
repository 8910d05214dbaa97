import type { JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { randomId } from "./id";
import type { RandomKind } from "./kind";
import { randomPassword } from "./password";
import { hasUnknown, secret, unknownValue, withoutSecrets, type Properties, type Value } from "./properties";

/** What is stored of a resource: its outputs, and bookkeeping in which there are nulls. */
export type State = { [key: string]: JavaScriptValue };

/** How a resource differs from what is wished: names of its properties. */
export interface Differences {
    readonly changed: readonly string[];
    /** Those that can't be changed but in a new one. */
    readonly replaces: readonly string[];
}

const kinds: Readonly<Record<string, RandomKind>> = {
    "random:index/randomPassword:RandomPassword": randomPassword,
    "random:index/randomId:RandomId": randomId,
};

function kindOf(type: string): RandomKind {
    const kind = kinds[type];
    if (kind === undefined) {
        const known = Object.keys(kinds).join(" and ");
        throw new Error(`The local random plugin knows no ${type}. Use ${known}, or the released plugin.`);
    }
    return kind;
}

/** @throws in a sentence, if the inputs make no sense. */
export function check(type: string, inputs: Properties): void {
    const kind = kindOf(type);
    if (!hasUnknown(inputs)) kind.validate(withoutSecrets(inputs));
}

/** What is different, by name; nothing of what is ignored. */
export function diff(type: string, state: Properties, inputs: Properties, ignored: readonly string[]): Differences {
    const kind = kindOf(type);
    const old = withoutSecrets(state);
    const wished = kind.defaults(withoutSecrets(inputs));
    const names = new Set([...Object.keys(wished), ...kind.nullable]);
    const textOf = (value: Value | undefined) => JSON.stringify(sorted(value));
    const changed = [...names]
        .filter((name) => !ignored.includes(name) && textOf(old[name]) !== textOf(wished[name]))
        .sort();
    // The one change that the released plugin makes in place.
    const isInPlace = (name: string) => name === "keepers" && old[name] === undefined && textOf(wished[name]) === "{}";
    return { changed, replaces: changed.filter((name) => !isInPlace(name)) };
}

/** Draws a new one; what a preview shows of it has no id yet. */
export async function create(
    type: string,
    inputs: Properties,
    preview: boolean,
): Promise<{ id: string; state: State }> {
    const kind = kindOf(type);
    const known = kind.defaults(inputs);
    if (preview) {
        const drawn = Object.fromEntries([...kind.drawn, "id"].map((name) => [name, unknownValue]));
        return { id: "", state: { ...known, ...drawn } };
    }
    const { id, outputs } = await kind.draw(withoutSecrets(inputs));
    return { id, state: finished(kind, { ...known, ...outputs, id }) };
}

/** With its inputs changed in place, nothing drawn anew. */
export function update(type: string, state: Properties, inputs: Properties): State {
    const kind = kindOf(type);
    return finished(kind, { ...state, ...kind.defaults(inputs) });
}

/** As it is stored: there is nothing else that could be read. */
export function read(type: string, state: Properties): State {
    return finished(kindOf(type), state);
}

/** With its secrets marked, and with the released plugin's bookkeeping, without which that one can't read the state. */
function finished(kind: RandomKind, outputs: Properties): State {
    const bare = withoutSecrets(outputs);
    const result: State = { ...bare };
    for (const name of kind.secrets) {
        const value = bare[name];
        if (value !== undefined) result[name] = secret(value);
    }
    const notes: State = {};
    for (const name of kind.nullable) {
        const value = bare[name];
        if (value === undefined) notes[name] = secret({ replace: { raw: null } });
        // A map can't be told from an object by its value.
        else if (typeof value === "object") notes[name] = { map: {} };
    }
    if (kind.meta !== undefined) result.__meta = kind.meta;
    result.__pulumi_raw_state_delta = Object.keys(notes).length > 0 ? { obj: { ps: notes } } : { obj: {} };
    return result;
}

/** With keys in order, so that equal maps are equal text. */
function sorted(value: Value | undefined): Value | undefined {
    if (typeof value !== "object" || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a.localeCompare(b)));
}
