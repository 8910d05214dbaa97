import type { BinaryOperator, Expression } from "./ast";
import {
    choiceFunction,
    type ChoiceFunction,
    positionFunction,
    type PositionFunction,
    scalarFunction,
} from "./functions";
import { binaryOperation } from "./operators";
import { fromBoolean, isTrue, toNumber, type FieldValue } from "./values";

/** Where in a LOAD an expression is evaluated; all counts are from 1. */
export interface RowContext {
    /** The values of the source's fields. */
    row: readonly FieldValue[];
    /** The source's row. */
    recNo: number;
    /** The row of the table that is being made. */
    rowNo: number;
    /** The turn of WHILE on the same source row. */
    iterNo: number;
}

/** For expressions outside of a LOAD. */
export const NO_ROW: RowContext = { row: [], recNo: 0, rowNo: 0, iterNo: 0 };

/** An expression, ready to be evaluated row by row. */
export type Evaluate = (context: RowContext) => FieldValue;

/** What names mean where an expression stands. */
export interface Names {
    /** @throws Fault if the name means nothing */
    name(name: string, at: number): Evaluate;
}

/** Turns an expression into closures once, so that a row costs calls and no walk over the tree. */
export function compileExpression(expression: Expression, names: Names): Evaluate {
    switch (expression.kind) {
        case "literal": {
            const { value } = expression;
            return () => value;
        }
        case "name":
            return names.name(expression.name, expression.at);
        case "unary":
            return compileUnary(expression.operator, compileExpression(expression.operand, names));
        case "binary":
            return compileBinary(
                expression.operator,
                compileExpression(expression.left, names),
                compileExpression(expression.right, names),
            );
        case "call":
            return compileCall(
                expression.name,
                expression.args.map((arg) => compileExpression(arg, names)),
            );
    }
}

function compileUnary(operator: "-" | "+" | "not", operand: Evaluate): Evaluate {
    switch (operator) {
        case "not":
            return (context) => fromBoolean(!isTrue(operand(context)));
        case "+":
            return (context) => toNumber(operand(context));
        case "-":
            return (context) => {
                const number = toNumber(operand(context));
                return number === null ? null : 0 - number;
            };
    }
}

function compileBinary(operator: BinaryOperator, left: Evaluate, right: Evaluate): Evaluate {
    switch (operator) {
        case "and":
            return (context) => fromBoolean(isTrue(left(context)) && isTrue(right(context)));
        case "or":
            return (context) => fromBoolean(isTrue(left(context)) || isTrue(right(context)));
        case "xor":
            return (context) => fromBoolean(isTrue(left(context)) !== isTrue(right(context)));
        default: {
            const operation = binaryOperation(operator);
            return (context) => operation(left(context), right(context));
        }
    }
}

function compileCall(name: string, args: readonly Evaluate[]): Evaluate {
    const position = positionFunction(name);
    if (position) {
        return compilePosition(position);
    }
    const choice = choiceFunction(name);
    if (choice) {
        return compileChoice(choice, args);
    }
    const apply = scalarFunction(name)?.apply;
    if (!apply) {
        throw new Error(`The parser let a function through that does not exist: ${name}`);
    }
    const [first, second] = args;
    if (!first) {
        return () => apply();
    }
    if (!second) {
        return (context) => apply(first(context));
    }
    return args.length === 2
        ? (context) => apply(first(context), second(context))
        : (context) => apply(...args.map((arg) => arg(context)));
}

function compilePosition(position: PositionFunction): Evaluate {
    switch (position) {
        case "recno":
            return ({ recNo }) => recNo;
        case "rowno":
            return ({ rowNo }) => rowNo;
        case "iterno":
            return ({ iterNo }) => iterNo;
    }
}

const NULL: Evaluate = () => null;

function compileChoice(choice: ChoiceFunction, args: readonly Evaluate[]): Evaluate {
    const [first = NULL, second = NULL, third = NULL] = args;
    switch (choice) {
        case "if":
            return (context) => (isTrue(first(context)) ? second(context) : third(context));
        case "pick":
            return (context) => {
                const index = toNumber(first(context));
                const chosen = index !== null && index >= 1 ? args[Math.trunc(index)] : undefined;
                return chosen ? chosen(context) : null;
            };
        case "alt":
            return (context) => {
                for (const arg of args) {
                    const number = toNumber(arg(context));
                    if (number !== null) {
                        return number;
                    }
                }
                // The last one is the fallback, whatever it is.
                return args.at(-1)?.(context) ?? null;
            };
    }
}
