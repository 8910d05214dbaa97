import { type ScalarFunction } from "./function";
import { logicFunctions } from "./logic";
import { numericFunctions } from "./numeric";
import { textFunctions } from "./text";

export type { ScalarFunction };

const scalarFunctions: ReadonlyMap<string, ScalarFunction> = new Map(
    Object.entries({ ...logicFunctions, ...numericFunctions, ...textFunctions }),
);

/** Functions that say where in a LOAD the evaluation is. */
export const POSITION_FUNCTIONS = ["recno", "rowno", "iterno"] as const;
export type PositionFunction = (typeof POSITION_FUNCTIONS)[number];

/** Functions that evaluate only the arguments that they need. */
const CHOICE_FUNCTIONS = { if: [2, 3], pick: [2, Infinity], alt: [1, Infinity] } as const;
export type ChoiceFunction = keyof typeof CHOICE_FUNCTIONS;

export function scalarFunction(name: string): ScalarFunction | undefined {
    return scalarFunctions.get(name.toLowerCase());
}

export function positionFunction(name: string): PositionFunction | undefined {
    return POSITION_FUNCTIONS.find((known) => known === name.toLowerCase());
}

export function choiceFunction(name: string): ChoiceFunction | undefined {
    const lower = name.toLowerCase();
    return lower in CHOICE_FUNCTIONS && Object.hasOwn(CHOICE_FUNCTIONS, lower) ? (lower as ChoiceFunction) : undefined;
}

/** The least and the greatest number of arguments of a function, in any case of letters; undefined if there is none. */
export function argumentCounts(name: string): readonly [min: number, max: number] | undefined {
    const choice = choiceFunction(name);
    if (choice) {
        return CHOICE_FUNCTIONS[choice];
    }
    if (positionFunction(name)) {
        return [0, 0];
    }
    const scalar = scalarFunction(name);
    return scalar && [scalar.minArgs, scalar.maxArgs];
}
