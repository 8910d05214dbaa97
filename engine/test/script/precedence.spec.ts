import { expect } from "chai";
import type { BinaryOperator, Expression } from "../../src/script/ast";
import { Cursor } from "../../src/script/cursor";
import { parseExpression } from "../../src/script/parseExpression";

/** From the loosest to the tightest. */
const ranks: readonly (readonly BinaryOperator[])[] = [
    ["or", "xor"],
    ["and"],
    ["=", "<>", "<", ">", "<=", ">=", "like", "precedes", "follows"],
    ["&"],
    ["+", "-"],
    ["*", "/"],
];
const rankOf = new Map(ranks.flatMap((operators, rank) => operators.map((operator) => [operator, rank] as const)));

function parsed(text: string): string {
    const cursor = new Cursor(text);
    const expression = parseExpression(cursor);
    cursor.expectEnd();
    return shown(expression);
}

/** With parentheses around everything. */
function shown(expression: Expression): string {
    switch (expression.kind) {
        case "literal":
            return String(expression.value);
        case "name":
            return expression.name;
        case "call":
            return `${expression.name}(${expression.args.map(shown).join(", ")})`;
        case "unary":
            return `(${expression.operator} ${shown(expression.operand)})`;
        case "binary":
            return `(${shown(expression.left)} ${expression.operator} ${shown(expression.right)})`;
    }
}

/** With as few parentheses as the ranks allow. */
function sparse(expression: Expression, rank = 0): string {
    if (expression.kind !== "binary") {
        return shown(expression);
    }
    const own = rankOf.get(expression.operator) ?? NaN;
    const text = `${sparse(expression.left, own)} ${expression.operator} ${sparse(expression.right, own + 1)}`;
    return own < rank ? `(${text})` : text;
}

/** The same numbers on each run: a failure can be repeated. */
function randomNumbers(seed: number): (below: number) => number {
    let state = seed;
    return (below) => {
        state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
        return Math.floor((state / 2 ** 32) * below);
    };
}

describe("Operator precedence in scripts", () => {
    const operators = [...rankOf.keys()];

    it("is that of the ranks, for any two operators", () => {
        for (const first of operators) {
            for (const second of operators) {
                const tighter = (rankOf.get(second) ?? NaN) > (rankOf.get(first) ?? NaN);
                expect(parsed(`a ${first} b ${second} c`)).to.equal(
                    tighter ? `(a ${first} (b ${second} c))` : `((a ${first} b) ${second} c)`,
                );
            }
        }
    });

    it("makes parentheses needless wherever the ranks say so, for any expression", () => {
        const random = randomNumbers(42);
        const anyExpression = (depth: number): Expression =>
            depth === 0 || random(4) === 0
                ? { kind: "name", name: "abcdef".charAt(random(6)), at: 0 }
                : {
                      kind: "binary",
                      operator: operators[random(operators.length)] ?? "+",
                      left: anyExpression(depth - 1),
                      right: anyExpression(depth - 1),
                  };
        for (let count = 0; count < 1_000; count++) {
            const expression = anyExpression(5);
            expect(parsed(sparse(expression))).to.equal(shown(expression));
            expect(parsed(shown(expression))).to.equal(shown(expression));
        }
    });

    it("puts not above comparisons and below and", () => {
        expect(parsed("not a = b and c")).to.equal("((not (a = b)) and c)");
        expect(parsed("a and not b or c")).to.equal("((a and (not b)) or c)");
        expect(parsed("not not a")).to.equal("(not (not a))");
    });

    it("puts signs above everything", () => {
        expect(parsed("-a * -b")).to.equal("((- a) * (- b))");
        expect(parsed("- -a + b")).to.equal("((- (- a)) + b)");
    });

    it("takes operators in any case of letters, but not as fields", () => {
        expect(parsed("a AND b Or NOT c")).to.equal("((a and b) or (not c))");
        expect(() => parsed("and")).to.throw("Expected an expression, found and");
        expect(parsed('"and" and [or]')).to.equal("(and and or)");
    });
});
