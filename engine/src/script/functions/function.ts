import type { FieldValue } from "../values";

/** A function of the script language that depends on its arguments alone. */
export interface ScalarFunction {
    readonly minArgs: number;
    readonly maxArgs: number;
    readonly apply: (...args: FieldValue[]) => FieldValue;
}

export type ScalarFunctions = Readonly<Record<string, ScalarFunction>>;

export function define(minArgs: number, maxArgs: number, apply: (...args: FieldValue[]) => FieldValue): ScalarFunction {
    return { minArgs, maxArgs, apply };
}
