import { compileWildcard, type Wildcard } from "../wildcard";
import type { BinaryOperator } from "./ast";
import { FALSE, finite, fromBoolean, toNumber, toText, TRUE, type FieldValue } from "./values";

export type BinaryOperation = (left: FieldValue, right: FieldValue) => FieldValue;

/** The operators that need both operands; null rules as in Qlik's help, "NULL value handling". */
export function binaryOperation(operator: Exclude<BinaryOperator, "and" | "or" | "xor">): BinaryOperation {
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
                left === null && right === null ? null : (toText(left) ?? "") + (toText(right) ?? "");
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
            return like();
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

function like(): BinaryOperation {
    // A pattern is nearly always the same for all rows.
    let pattern: string | undefined;
    let matches: Wildcard = () => false;
    return (left, right) => {
        const text = toText(left);
        const wanted = toText(right);
        if (text === null || wanted === null) {
            return null;
        }
        if (wanted !== pattern) {
            pattern = wanted;
            matches = compileWildcard(wanted);
        }
        return fromBoolean(matches(text));
    };
}
