import { FALSE, fromBoolean, toNumber, TRUE } from "../values";
import { define, type ScalarFunctions } from "./function";

/** Truth values and what kind of value a value is. */
export const logicFunctions: ScalarFunctions = {
    true: define(0, 0, () => TRUE),
    false: define(0, 0, () => FALSE),
    null: define(0, 0, () => null),
    isnull: define(1, 1, (value) => fromBoolean(value === null)),
    isnum: define(1, 1, (value) => fromBoolean(toNumber(value) !== null)),
    istext: define(1, 1, (value) => fromBoolean(value !== null && toNumber(value) === null)),
};
