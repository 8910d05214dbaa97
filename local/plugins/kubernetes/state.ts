import { contains, isObject, isSecret, mapValues, secret, withoutSecrets, type Properties } from "../properties";
import { annotation } from "./metadata";
import { randomBytes } from "node:crypto";

/**
 * What is stored of an object: the object as the server gave it, and beside it the checked inputs (`__inputs`), the API version that
 * it was created with (`__initialApiVersion`) and the name under which its fields are applied (`__fieldManager`).
 */
export interface State {
    readonly inputs: Properties;
    readonly live: Properties;
    readonly initialApiVersion: string;
    readonly fieldManager: string;
}

/** @param secretsOf inputs whose secret values are secret in the state too. */
export function writeState(state: State, secretsOf: Properties): Properties {
    return {
        ...markSecrets(state.live, secretsOf),
        __inputs: markSecrets(state.inputs, secretsOf),
        __initialApiVersion: state.initialApiVersion,
        __fieldManager: state.fieldManager,
    };
}

/** @param inputs of now: an annotation there names the field manager, and they tell the API version of a state that doesn't. */
export function readState(stored: Properties, inputs: Properties): State {
    const { __inputs, __initialApiVersion, __fieldManager, ...live } = withoutSecrets(stored);
    const oldInputs = isObject(__inputs) ? __inputs : {};
    return {
        inputs: oldInputs,
        live,
        initialApiVersion:
            asString(__initialApiVersion) || asString(oldInputs.apiVersion) || asString(inputs.apiVersion),
        fieldManager:
            annotation(inputs, "pulumi.com/patchFieldManager") || asString(__fieldManager) || newFieldManager(),
    };
}

export function newFieldManager(): string {
    return `pulumi-kubernetes-${randomBytes(4).toString("hex")}`;
}

function asString(value: unknown): string {
    return typeof value === "string" ? value : "";
}

/**
 * A copy in which values are secret that are secret, or hold a secret, in the inputs. Objects are gone into, so that one secret does
 * not hide a whole Deployment; an array with a secret is secret as a whole. A Secret's data always is.
 */
export function markSecrets(object: Properties, inputs: Properties): Properties {
    if (object.kind === "Secret") {
        return mapValues(object, (value, key) => (key === "data" || key === "stringData" ? secret(value) : value));
    }
    return mapValues(object, (value, key) => {
        const input = inputs[key];
        if (input === undefined) return value;
        if (isObject(value) && !isSecret(value) && isObject(input) && !isSecret(input))
            return markSecrets(value, input);
        return contains(input, isSecret) ? secret(value) : value;
    });
}
