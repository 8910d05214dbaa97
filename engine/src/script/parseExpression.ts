import type { BinaryOperator, Expression } from "./ast";
import type { Cursor } from "./cursor";
import { Fault, ReloadErrorCode } from "./errors";
import { argumentCounts } from "./functions";
import type { Token } from "./tokens";
import { toNumber } from "./values";

/** Binary operators by rank: what stands later binds tighter. All group to the left. */
const RANKS: readonly (readonly BinaryOperator[])[] = [
    ["or", "xor"],
    ["and"],
    ["=", "<>", "<", ">", "<=", ">=", "like", "precedes", "follows"],
    ["&"],
    ["+", "-"],
    ["*", "/"],
];
const NOT_RANK = 2; // `not a = b` denies the comparison, `not a and b` only a
const UNARY_RANK = RANKS.length;

const KEYWORD_OPERATORS = new Set<string>(["or", "xor", "and", "not", "like", "precedes", "follows"]);

export function parseExpression(cursor: Cursor, rank = 0): Expression {
    if (rank === NOT_RANK && cursor.takeKeyword("not")) {
        return { kind: "unary", operator: "not", operand: cursor.nested(() => parseExpression(cursor, NOT_RANK)) };
    }
    if (rank === UNARY_RANK) {
        return parseUnary(cursor);
    }
    let left = parseExpression(cursor, rank + 1);
    for (;;) {
        const operator = takeOperator(cursor, RANKS[rank] ?? []);
        if (!operator) {
            return left;
        }
        left = { kind: "binary", operator, left, right: parseExpression(cursor, rank + 1) };
    }
}

function takeOperator(cursor: Cursor, operators: readonly BinaryOperator[]): BinaryOperator | undefined {
    const token = cursor.takeSymbol(...operators) ?? cursor.takeKeyword(...operators);
    return token && (token.value.toLowerCase() as BinaryOperator);
}

function parseUnary(cursor: Cursor): Expression {
    const sign = cursor.takeSymbol("-", "+");
    if (sign) {
        return { kind: "unary", operator: sign.value as "-" | "+", operand: cursor.nested(() => parseUnary(cursor)) };
    }
    // After another operator, as in `1 + not x`, there is no lower rank left at which `not` could stand.
    if (cursor.takeKeyword("not")) {
        return { kind: "unary", operator: "not", operand: cursor.nested(() => parseUnary(cursor)) };
    }
    return parsePrimary(cursor);
}

function parsePrimary(cursor: Cursor): Expression {
    const token = cursor.peek();
    switch (token.kind) {
        case "number":
            cursor.take();
            return { kind: "literal", value: toNumber(token.value) };
        case "text":
            cursor.take();
            return { kind: "literal", value: token.value };
        case "word":
        case "name":
            if (token.kind === "word" && KEYWORD_OPERATORS.has(token.value.toLowerCase())) {
                break;
            }
            cursor.take();
            return token.kind === "word" && cursor.isSymbol("(")
                ? parseCall(cursor, token)
                : { kind: "name", name: token.value, at: token.at };
        default:
            if (cursor.takeSymbol("(")) {
                const expression = cursor.nested(() => parseExpression(cursor));
                cursor.expectSymbol(")");
                return expression;
            }
    }
    return cursor.fail("an expression");
}

function parseCall(cursor: Cursor, name: Token): Expression {
    const counts = argumentCounts(name.value);
    if (!counts) {
        throw new Fault(`'${name.value}' is not a valid function`, ReloadErrorCode.expectedSomething, name.at);
    }
    const args: Expression[] = [];
    cursor.expectSymbol("(");
    if (!cursor.isSymbol(")")) {
        do {
            args.push(cursor.nested(() => parseExpression(cursor)));
        } while (cursor.takeSymbol(","));
    }
    cursor.expectSymbol(")");
    const [min, max] = counts;
    if (args.length < min || args.length > max) {
        const wanted = min === max ? `${min}` : max === Infinity ? `at least ${min}` : `${min} to ${max}`;
        throw new Fault(
            `${name.value} takes ${wanted} parameter(s), not ${args.length}`,
            ReloadErrorCode.expectedSomething,
            name.at,
        );
    }
    return { kind: "call", name: name.value, args, at: name.at };
}
