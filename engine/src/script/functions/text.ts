import { compileWildcard } from "../../wildcard";
import { type FieldValue, toNumber, toText } from "../values";
import { define, type ScalarFunction, type ScalarFunctions } from "./function";

/** Characters and texts. A parameter that is null makes the result null. */
export const textFunctions: ScalarFunctions = {
    chr: define(1, 1, (code) => {
        const point = toNumber(code);
        return point !== null && Number.isInteger(point) && point >= 0 && point <= 0x10ffff
            ? String.fromCodePoint(point)
            : null;
    }),
    ord: define(1, 1, (text) => toText(text)?.codePointAt(0) ?? null),
    len: onText((text) => text.length),
    upper: onText((text) => text.toUpperCase()),
    lower: onText((text) => text.toLowerCase()),
    trim: onText((text) => text.trim()),
    ltrim: onText((text) => text.trimStart()),
    rtrim: onText((text) => text.trimEnd()),
    left: onTextAndNumber((text, count) => text.slice(0, Math.max(0, count))),
    right: onTextAndNumber((text, count) => (count <= 0 ? "" : text.slice(-count))),
    repeat: onTextAndNumber((text, count) => text.repeat(Math.max(0, count))),
    mid: define(2, 3, (value, start, length: FieldValue = Infinity) => {
        const text = toText(value);
        const from = toNumber(start);
        const count = toNumber(length);
        return text === null || from === null || count === null || from < 1 || count < 0
            ? null
            : text.slice(from - 1, from - 1 + count);
    }),
    match: matching((value, candidate) => value === candidate),
    mixmatch: matching((value, candidate) => value.toLowerCase() === candidate.toLowerCase()),
    wildmatch: matching((value, candidate) => compileWildcard(candidate)(value)),
};

function onText(f: (text: string) => FieldValue): ScalarFunction {
    return define(1, 1, (value) => {
        const text = toText(value);
        return text === null ? null : f(text);
    });
}

function onTextAndNumber(f: (text: string, count: number) => FieldValue): ScalarFunction {
    return define(2, 2, (value, parameter) => {
        const text = toText(value);
        const count = toNumber(parameter);
        return text === null || count === null ? null : f(text, Math.trunc(count));
    });
}

/** f(value, candidate, ...): which candidate is the first that matches, from 1; 0 for none. */
function matching(matches: (value: string, candidate: string) => boolean): ScalarFunction {
    return define(2, Infinity, (value, ...candidates) => {
        const text = toText(value);
        return (
            candidates.findIndex((candidate) => {
                const other = toText(candidate);
                return text !== null && other !== null && matches(text, other);
            }) + 1
        );
    });
}
