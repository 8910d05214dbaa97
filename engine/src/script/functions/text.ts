import { checkTextLength } from "../limits";
import { Likeness } from "../likeness";
import { type FieldValue, toNumber, toText } from "../values";
import { define, defineMetered, type ScalarFunction, type ScalarFunctions } from "./function";

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
    repeat: onTextAndNumber((text, count) => {
        const times = Math.max(0, count);
        checkTextLength(text.length * times);
        return text.repeat(times);
    }),
    mid: define(2, 3, (value, start, length: FieldValue = Infinity) => {
        const text = toText(value);
        const from = toNumber(start);
        const count = toNumber(length);
        return text === null || from === null || count === null || from < 1 || count < 0
            ? null
            : text.slice(from - 1, from - 1 + count);
    }),
    match: matching((value) => value),
    mixmatch: matching((value) => value.toLowerCase()),
    wildmatch: defineMetered(2, Infinity, (meter) => {
        const likeness: Likeness[] = [];
        return (value, ...candidates) =>
            indexFrom1(value, candidates, (text, candidate, index) =>
                (likeness[index] ??= new Likeness(meter)).holds(text, candidate),
            );
    }),
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

/** f(value, candidate, ...): which candidate is the first that is the same in this form, from 1; 0 for none. */
function matching(form: (text: string) => string): ScalarFunction {
    return define(2, Infinity, (value, ...candidates) => {
        const text = toText(value);
        const wanted = text === null ? null : form(text);
        return indexFrom1(wanted, candidates, (_, candidate) => form(candidate) === wanted);
    });
}

function indexFrom1(
    value: FieldValue | undefined,
    candidates: readonly FieldValue[],
    matches: (text: string, candidate: string, index: number) => boolean,
): number {
    const text = toText(value);
    return (
        candidates.findIndex((candidate, index) => {
            const other = toText(candidate);
            return text !== null && other !== null && matches(text, other, index);
        }) + 1
    );
}
