import type { BinaryOperator, Expression } from "./ast";
import {
    choiceFunction,
    type ChoiceFunction,
    positionFunction,
    type PositionFunction,
    scalarFunction,
} from "./functions";
import { beyond, limits, shown } from "./limits";
import type { Meter } from "./meter";
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

/**
 * Turns an expression into closures once, so that a row costs calls and no walk over the tree.
 *
 * @param meter counts every text that is made or read
 * @throws Fault if a name means nothing, or the expression is too deep
 */
export function compileExpression(expression: Expression, names: Names, meter: Meter): Evaluate {
    return new Compiler(names, meter).compile(expression, 0);
}

class Compiler {
    constructor(
        private readonly names: Names,
        private readonly meter: Meter,
    ) {}

    compile(expression: Expression, depth: number): Evaluate {
        if (depth > limits.depth) {
            throw beyond(`An expression has more than ${shown(limits.depth)} operators that wait for each other`);
        }
        const evaluate = this.#compile(expression, depth + 1);
        if (expression.kind === "literal" && typeof expression.value !== "string") {
            return evaluate;
        }
        const { meter } = this;
        return (context) => {
            const value = evaluate(context);
            return typeof value === "string" ? meter.take(value) : value;
        };
    }

    #compile(expression: Expression, depth: number): Evaluate {
        switch (expression.kind) {
            case "literal": {
                const { value } = expression;
                return () => value;
            }
            case "name":
                return this.names.name(expression.name, expression.at);
            case "unary":
                return compileUnary(expression.operator, this.compile(expression.operand, depth));
            case "binary":
                return this.#binary(
                    expression.operator,
                    this.compile(expression.left, depth),
                    this.compile(expression.right, depth),
                );
            case "call":
                return this.#call(
                    expression.name,
                    expression.args.map((arg) => this.compile(arg, depth)),
                );
        }
    }

    #binary(operator: BinaryOperator, left: Evaluate, right: Evaluate): Evaluate {
        switch (operator) {
            case "and":
                return (context) => fromBoolean(isTrue(left(context)) && isTrue(right(context)));
            case "or":
                return (context) => fromBoolean(isTrue(left(context)) || isTrue(right(context)));
            case "xor":
                return (context) => fromBoolean(isTrue(left(context)) !== isTrue(right(context)));
            default: {
                const operation = binaryOperation(operator, this.meter);
                return (context) => operation(left(context), right(context));
            }
        }
    }

    #call(name: string, args: readonly Evaluate[]): Evaluate {
        const position = positionFunction(name);
        if (position) {
            return compilePosition(position);
        }
        const choice = choiceFunction(name);
        if (choice) {
            return compileChoice(choice, args);
        }
        const apply = scalarFunction(name)?.bind(this.meter);
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
