import { quote } from "./characters";
import { type Key, keys, type Values } from "./keys";
import { neighbourOf } from "./neighbour";
import { isSecret } from "./schemas/schema";
import type { Entry } from "./stack";

/** What a stack's configuration is, each key by itself. What keys mean together is seen in groups/. */
export interface Reading {
    /** Of the keys without a fault. */
    readonly values: Partial<Values>;
    /** One sentence each: unknown keys, then the known ones in their order. A value is one fault, however much is wrong with it. */
    readonly faults: readonly string[];
    /** Whether a key that may be left out is not, be it right or wrong. */
    readonly isGiven: (key: Key) => boolean;
    /** A key and its value, as a sentence may show them: no value, if that is secret. */
    readonly shown: (key: Key) => string;
}

/** Reads every key that the stack sets by its schema. */
export function read(stack: ReadonlyMap<string, Entry>): Reading {
    const known = Object.keys(keys) as Key[];
    const unknown = [...stack.keys()].filter((key) => !Object.hasOwn(keys, key));
    const results = known.map((key) => ({ key, ...readKey(key, stack.get(key)) }));
    const values = Object.fromEntries(results.map(({ key, value }) => [key, value])) as Partial<Values>;
    const faulty = results.flatMap(({ key, fault }) => (fault === undefined ? [] : [{ key, fault }]));
    return {
        values,
        faults: [...unknown.map(unknownKey), ...faulty.map(({ fault }) => fault)],
        isGiven: (key) => values[key] !== undefined || faulty.some((one) => one.key === key),
        shown: (key) => {
            const value = shownValue(key, stack.get(key));
            return value === undefined ? key : `${key} ${value}`;
        },
    };
}

function readKey(key: Key, entry: Entry | undefined): { readonly value?: unknown; readonly fault?: string } {
    // Before anything looks at it, and then names it.
    if (isSecret(keys[key]) && entry !== undefined && entry.text !== "" && !entry.secret) {
        return { fault: `${key} is given in plain text: set it with \`pulumi config set --secret ${key}\`.` };
    }
    const { data, error } = keys[key].safeParse(entry?.text);
    if (error === undefined) {
        return { value: data };
    }
    if (entry === undefined) {
        return { fault: `${key} is not set. Set it with \`pulumi config set ${key} <value>\`.` };
    }
    const value = shownValue(key, entry);
    return { fault: `${key} ${error.issues[0].message}${value === undefined ? "" : `, and is ${value}`}.` };
}

/** Of every key, also one that needs no secrecy, if the stack has it encrypted. */
function shownValue(key: Key, entry: Entry | undefined): string | undefined {
    return entry === undefined || entry.secret || isSecret(keys[key]) ? undefined : quote(entry.text);
}

/** The CLI takes any key; a misspelt one would be ignored in silence. */
function unknownKey(key: string): string {
    const neighbour = neighbourOf(key, Object.keys(keys));
    const shown = /^[\w.-]{1,100}$/.test(key) ? key : quote(key);
    return neighbour === undefined
        ? `${shown} is not a configuration key: Pulumi.yaml has all there are.`
        : `${shown} is not a configuration key. Did you mean ${neighbour}?`;
}
