import { type FieldValue, finite, fromBoolean, toNumber } from "../values";
import { define, type ScalarFunction, type ScalarFunctions } from "./function";

/** Rounding, arithmetic and random numbers. A parameter that is no number makes the result null. */
export const numericFunctions: ScalarFunctions = {
    ceil: rounding(Math.ceil),
    floor: rounding(Math.floor),
    round: rounding(Math.round),
    frac: unary((x) => x - Math.floor(x)),
    fabs: unary(Math.abs),
    sign: unary(Math.sign),
    sqr: unary((x) => x * x),
    sqrt: unary(Math.sqrt),
    exp: unary(Math.exp),
    log: unary(Math.log),
    log10: unary(Math.log10),
    pow: binary((x, y) => x ** y),
    // Mathematical modulo of whole numbers; fmod is the one of programming languages.
    mod: binary((x, y) => (Number.isInteger(x) && Number.isInteger(y) && y > 0 ? ((x % y) + y) % y : NaN)),
    fmod: binary((x, y) => x % y),
    div: binary((x, y) => Math.trunc(x / y)),
    even: unary((x) => (Number.isInteger(x) ? fromBoolean(x % 2 === 0) : NaN)),
    odd: unary((x) => (Number.isInteger(x) ? fromBoolean(x % 2 !== 0) : NaN)),
    rand: define(0, 0, Math.random),
};

function unary(f: (x: number) => number): ScalarFunction {
    return define(1, 1, (x) => {
        const number = toNumber(x);
        return number === null ? null : finite(f(number));
    });
}

function binary(f: (x: number, y: number) => number): ScalarFunction {
    return define(2, 2, (x, y) => {
        const left = toNumber(x);
        const right = toNumber(y);
        return left === null || right === null ? null : finite(f(left, right));
    });
}

/** f(x[, step[, offset]]): to a multiple of the step, counted from the offset. */
function rounding(f: (x: number) => number): ScalarFunction {
    return define(1, 3, (x, step: FieldValue = 1, offset: FieldValue = 0) => {
        const number = toNumber(x);
        const unit = toNumber(step);
        const base = toNumber(offset);
        if (number === null || unit === null || base === null || unit <= 0) {
            return null;
        }
        // 0.00001 has no exact binary form but 100000 has: dividing by that gives 0.12346, multiplying 0.12346000000000001.
        const perOne = 1 / unit;
        const whole = Math.round(perOne);
        return unit < 1 && Math.abs(perOne - whole) < 1e-9 * whole
            ? finite(f((number - base) * whole) / whole + base)
            : finite(f((number - base) / unit) * unit + base);
    });
}
