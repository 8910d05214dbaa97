import type { Meter } from "../meter";
import type { FieldValue } from "../values";

type Apply = (...args: FieldValue[]) => FieldValue;

/** A function of the script language that depends on its arguments alone. */
export interface ScalarFunction {
    readonly minArgs: number;
    readonly maxArgs: number;
    /** The function for one place in the script. Its arguments and its value are counted by who calls it. */
    readonly bind: (meter: Meter) => Apply;
}

export type ScalarFunctions = Readonly<Record<string, ScalarFunction>>;

/** One whose work is no more than its arguments and its value are long. */
export function define(minArgs: number, maxArgs: number, apply: Apply): ScalarFunction {
    return { minArgs, maxArgs, bind: () => apply };
}

/** One that tells the meter of its work. */
export function defineMetered(minArgs: number, maxArgs: number, bind: (meter: Meter) => Apply): ScalarFunction {
    return { minArgs, maxArgs, bind };
}
