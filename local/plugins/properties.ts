import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";

/** A value of the resource protocol as plain JSON. Secrets and unknowns stay in it as the wire has them, see below. */
export type Value = string | number | boolean | Value[] | Properties;
export type Properties = { [key: string]: Value };

/** Stands for a value that is known only after an update (sdk/nodejs/runtime/rpc.ts of Pulumi). */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** An object with this key is not plain data; the key's value says what it is. Both from Pulumi's rpc.ts. */
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

export function isObject(value: unknown): value is Properties {
    return typeof value === "object" && value !== null && !Array.isArray(value);
}

export function isSecret(value: Value | undefined): value is Properties & { value: Value } {
    return isObject(value) && value[signatureKey] === secretSignature;
}

export function secret(value: Value): Value {
    return isSecret(value) ? value : { [signatureKey]: secretSignature, value };
}

/** A copy in which each secret is its bare value. */
export function withoutSecrets<T extends Value>(value: T): T;
export function withoutSecrets(value: Value): Value {
    if (isSecret(value)) return withoutSecrets(value.value);
    if (Array.isArray(value)) return value.map((item) => withoutSecrets(item));
    if (isObject(value)) return mapValues(value, (item) => withoutSecrets(item));
    return value;
}

/** Whether a value, or one inside it, fits. */
export function contains(value: Value, fits: (value: Value) => boolean): boolean {
    if (fits(value)) return true;
    if (Array.isArray(value)) return value.some((item) => contains(item, fits));
    return isObject(value) && Object.values(value).some((item) => contains(item, fits));
}

export function hasUnknown(value: Value): boolean {
    return contains(value, (part) => part === unknownValue);
}

export function mapValues(object: Properties, change: (value: Value, key: string) => Value | undefined): Properties {
    const result: Properties = {};
    for (const [key, value] of Object.entries(object)) {
        const changed = change(value, key);
        if (changed !== undefined) result[key] = changed;
    }
    return result;
}

/** The value at a path, through objects only. */
export function at(value: Value | undefined, ...path: string[]): Value | undefined {
    let current = value;
    for (const key of path) current = isObject(current) ? current[key] : undefined;
    return current;
}

export function stringAt(value: Value | undefined, ...path: string[]): string {
    const found = at(value, ...path);
    return typeof found === "string" ? found : "";
}

export function numberAt(value: Value | undefined, ...path: string[]): number {
    const found = at(value, ...path);
    return typeof found === "number" ? found : 0;
}

export function listAt(value: Value | undefined, ...path: string[]): Value[] {
    const found = at(value, ...path);
    return Array.isArray(found) ? found : [];
}

/** A protobuf Struct as properties; absent and null values are left out, as everything in the protocol means by them. */
export function fromStruct(struct: Struct | undefined): Properties {
    return struct === undefined ? {} : (withoutNulls(struct.toJavaScript()) as Properties);
}

function withoutNulls(value: JavaScriptValue): Value | undefined {
    if (value === null) return undefined;
    if (Array.isArray(value)) return value.map(withoutNulls).filter((item) => item !== undefined);
    if (typeof value === "object") {
        const result: Properties = {};
        for (const [key, item] of Object.entries(value as Record<string, JavaScriptValue>)) {
            const kept = withoutNulls(item);
            if (kept !== undefined) result[key] = kept;
        }
        return result;
    }
    return value;
}

/** Accepts nulls, which the random plugin's own bookkeeping has. */
export function toStruct(properties: { [key: string]: JavaScriptValue }): Struct {
    return Struct.fromJavaScript(properties);
}
