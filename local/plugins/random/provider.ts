import type { JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";
import { hasUnknown, secret, unknownValue, withoutSecrets, type Properties, type Value } from "../properties";
import type { DiffResult, Provider } from "../provider";
import { randomId } from "./id";
import type { RandomKind } from "./kind";
import { randomPassword } from "./password";

const kinds: Readonly<Record<string, RandomKind>> = {
    "random:index/randomPassword:RandomPassword": randomPassword,
    "random:index/randomId:RandomId": randomId,
};

function kindOf(type: string): RandomKind {
    const kind = kinds[type];
    if (kind === undefined) {
        throw new Error(`the local random plugin does not know ${type}: it knows ${Object.keys(kinds).join(" and ")}`);
    }
    return kind;
}

/** Stands in for the released random plugin, with the same state. A changed input means a new resource. */
export function randomProvider(version: string): Provider {
    return {
        version,
        features: { acceptResources: true },
        configure: () => undefined,
        // eslint-disable-next-line @typescript-eslint/require-await -- so that a refusal is a rejection
        check: async ({ type, inputs }) => {
            const kind = kindOf(type);
            if (!hasUnknown(inputs)) kind.validate(withoutSecrets(inputs));
            return inputs;
        },
        diff: ({ type, oldState, inputs, ignoreChanges }) =>
            Promise.resolve(diff(kindOf(type), oldState, inputs, ignoreChanges)),
        create: async ({ type, inputs, preview }) => {
            const kind = kindOf(type);
            const known = kind.defaults(inputs);
            if (preview) {
                const drawn = Object.fromEntries([...kind.drawn, "id"].map((name) => [name, unknownValue]));
                return { id: "", state: { ...known, ...drawn } };
            }
            const { id, outputs } = await kind.draw(withoutSecrets(inputs));
            return { id, state: finished(kind, { ...known, ...outputs, id }) };
        },
        // Every input is one that replaces, so there is nothing that an update could do.
        update: ({ type, oldState }) => Promise.resolve(finished(kindOf(type), oldState)),
        read: ({ type, state, inputs }) => Promise.resolve({ state: finished(kindOf(type), state), inputs }),
        delete: () => Promise.resolve(),
        cancel: () => undefined,
    };
}

function finished(kind: RandomKind, outputs: Properties): Properties {
    const result: { [key: string]: JavaScriptValue } = { ...outputs };
    for (const name of kind.secrets) {
        const value = outputs[name];
        if (value !== undefined) result[name] = secret(value);
    }
    const notes: { [key: string]: JavaScriptValue } = {};
    for (const name of kind.nullable) {
        if (outputs[name] === undefined) notes[name] = secret({ replace: { raw: null } } as unknown as Value);
    }
    if (kind.meta !== undefined) result.__meta = kind.meta;
    result.__pulumi_raw_state_delta = Object.keys(notes).length > 0 ? { obj: { ps: notes } } : { obj: {} };
    return result as Properties;
}

function diff(kind: RandomKind, oldState: Properties, inputs: Properties, ignored: readonly string[]): DiffResult {
    const old = withoutSecrets(oldState);
    const wished = kind.defaults(withoutSecrets(inputs));
    const names = new Set([...Object.keys(wished), ...kind.nullable]);
    const replaces = [...names].filter(
        (name) => !ignored.includes(name) && JSON.stringify(sorted(old[name])) !== JSON.stringify(sorted(wished[name])),
    );
    return { changed: replaces.length > 0, replaces };
}

/** With keys in order, so that equal maps are equal text. */
function sorted(value: Value | undefined): Value | undefined {
    if (typeof value !== "object" || Array.isArray(value)) return value;
    return Object.fromEntries(Object.entries(value).sort(([a], [b]) => a.localeCompare(b)));
}
