import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";

/** A value of the resource protocol as plain JSON. Secrets and unknowns stay in it as the wire has them, see below. */
export type Value = string | number | boolean | Value[] | Properties;
export type Properties = { [key: string]: Value };

/** Stands for a value that is known only after an update (sdk/nodejs/runtime/rpc.ts of Pulumi). */
export const unknownValue = "04da6b54-80e4-46f7-96ec-b56ff0331ba9";

/** An object with this key is not plain data; the key's value says what it is. Both from Pulumi's rpc.ts. */
const signatureKey = "4dabf18193072939515e22adb298388d";
const secretSignature = "1b47061264138c4ac30d75fd1eb44270";

function isObject(value: Value | undefined): value is Properties {
    return typeof value === "object" && !Array.isArray(value);
}

function isSecret(value: Value): value is Properties & { value: Value } {
    return isObject(value) && value[signatureKey] === secretSignature;
}

export function secret<T extends JavaScriptValue>(value: T) {
    return { [signatureKey]: secretSignature, value };
}

/** A copy in which each secret is its bare value. */
export function withoutSecrets(properties: Properties): Properties {
    const bare = (value: Value): Value => {
        if (isSecret(value)) return bare(value.value);
        if (Array.isArray(value)) return value.map(bare);
        return isObject(value) ? withoutSecrets(value) : value;
    };
    return Object.fromEntries(Object.entries(properties).map(([key, value]) => [key, bare(value)]));
}

/** Whether a value, or one inside it, is not known yet. */
export function hasUnknown(value: Value): boolean {
    return value === unknownValue || (typeof value === "object" && Object.values(value).some(hasUnknown));
}

/** A protobuf Struct as properties; absent and null values are left out, as everything in the protocol means by them. */
export function fromStruct(struct: Struct | undefined): Properties {
    return struct === undefined ? {} : (withoutNulls(struct.toJavaScript()) as Properties);
}

function withoutNulls(value: JavaScriptValue): Value | undefined {
    if (value === null) return undefined;
    if (Array.isArray(value)) return value.map(withoutNulls).filter((item) => item !== undefined);
    if (typeof value !== "object") return value;
    const result: Properties = {};
    for (const [key, item] of Object.entries(value as Record<string, JavaScriptValue>)) {
        const kept = withoutNulls(item);
        if (kept !== undefined) result[key] = kept;
    }
    return result;
}
