import type { BinaryOperator } from "./ast";
import { Likeness } from "./likeness";
import { checkTextLength } from "./limits";
import type { Meter } from "./meter";
import { FALSE, finite, fromBoolean, toNumber, toText, TRUE, type FieldValue } from "./values";

export type BinaryOperation = (left: FieldValue, right: FieldValue) => FieldValue;

/** The operators that need both operands; null rules as in Qlik's help, "NULL value handling". */
export function binaryOperation(
    operator: Exclude<BinaryOperator, "and" | "or" | "xor">,
    meter: Meter,
): BinaryOperation {
    switch (operator) {
        case "+":
            return arithmetic((x, y) => x + y);
        case "-":
            return arithmetic((x, y) => x - y);
        case "*":
            return arithmetic((x, y) => x * y);
        case "/":
            return arithmetic((x, y) => x / y);
        case "&":
            return (left, right) =>
                left === null && right === null ? null : joined(toText(left) ?? "", toText(right) ?? "");
        case "=":
            return comparison((order) => order === 0, FALSE);
        case "<>":
            return comparison((order) => order !== 0, TRUE);
        case "<":
            return comparison((order) => order < 0, FALSE);
        case ">":
            return comparison((order) => order > 0, FALSE);
        case "<=":
            return comparison((order) => order <= 0, FALSE);
        case ">=":
            return comparison((order) => order >= 0, FALSE);
        case "precedes":
            return textComparison((order) => order < 0);
        case "follows":
            return textComparison((order) => order > 0);
        case "like":
            return like(meter);
    }
}

function arithmetic(f: (x: number, y: number) => number): BinaryOperation {
    return (left, right) => {
        const x = toNumber(left);
        const y = toNumber(right);
        return x === null || y === null ? null : finite(f(x, y));
    };
}

/** Numeric if both sides read as numbers, otherwise by text. Of two nulls nothing can be said. */
function comparison(holds: (order: number) => boolean, ifOneIsNull: FieldValue): BinaryOperation {
    return (left, right) => {
        if (left === null || right === null) {
            return left === right ? null : ifOneIsNull;
        }
        const x = toNumber(left);
        const y = toNumber(right);
        return fromBoolean(holds(x !== null && y !== null ? x - y : textOrder(left, right)));
    };
}

function textComparison(holds: (order: number) => boolean): BinaryOperation {
    return (left, right) => (left === null || right === null ? null : fromBoolean(holds(textOrder(left, right))));
}

function textOrder(left: FieldValue, right: FieldValue): number {
    const a = toText(left) ?? "";
    const b = toText(right) ?? "";
    return a < b ? -1 : a > b ? 1 : 0;
}

function joined(left: string, right: string): string {
    checkTextLength(left.length + right.length);
    return left + right;
}

function like(meter: Meter): BinaryOperation {
    const likeness = new Likeness(meter);
    return (left, right) => {
        const text = toText(left);
        const pattern = toText(right);
        return text === null || pattern === null ? null : fromBoolean(likeness.holds(text, pattern));
    };
}
