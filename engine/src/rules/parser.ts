import { compileWildcard, type Wildcard } from "../wildcard";
import type { Condition, Operand, Rule, RuleSet, Subject } from "./ast";
import { canonicalAction, canonicalPath } from "./attributes";
import { Cursor, quoted } from "./cursor";
import { RuleSyntaxError } from "./errors";
import { limits, shown } from "./limits";
import { compileRegularExpression, PatternError } from "./regularExpression";
import { type Token, tokenize } from "./tokens";

/**
 * Reads a rules file: one rule a line, `#` and `//` begin comments.
 * @throws RuleSyntaxError at the first rule that cannot be read
 */
export function parseRules(text: string): RuleSet {
    if (text.length > limits.text) {
        throw new RuleSyntaxError(`the file has more than ${shown(limits.text)} characters`, 1, 1);
    }
    const rules: Rule[] = [];
    text.split(/\r\n|\n|\r/).forEach((source, index) => {
        const line = index + 1;
        if (source.length > limits.rule) {
            throw new RuleSyntaxError(`it has more than ${shown(limits.rule)} characters`, line, limits.rule + 1);
        }
        const tokens = tokenize(source, line);
        if (tokens.length > 1) {
            rules.push({ line, condition: new RuleParser(new Cursor(tokens, line)).parse() });
        }
    });
    return { rules };
}

const OPERATORS = new Set(["and", "or", "like", "matches"]);

type Expression = { readonly operand: Operand; readonly token: Token } | { readonly condition: Condition };

class RuleParser {
    #depth = 0;
    #operators = 0;

    constructor(private readonly cursor: Cursor) {}

    parse(): Condition {
        const condition = this.#or();
        const rest = this.cursor.peek();
        if (rest.kind !== "end") {
            throw this.cursor.unexpected(rest, '"and", "or" or the end of the line');
        }
        return condition;
    }

    #or(): Condition {
        const parts = [this.#and()];
        while (this.cursor.takeWord("or") || this.cursor.takeSymbol("||")) {
            this.#countOperator();
            parts.push(this.#and());
        }
        return joined("or", parts);
    }

    #and(): Condition {
        const parts = [this.#not()];
        while (this.cursor.takeWord("and") || this.cursor.takeSymbol("&&")) {
            this.#countOperator();
            parts.push(this.#not());
        }
        return joined("and", parts);
    }

    #not(): Condition {
        return this.cursor.takeSymbol("!")
            ? { kind: "not", condition: this.#nested(() => this.#not()) }
            : this.#comparison();
    }

    /** Whoever reads or evaluates a rule goes as deep as it is. */
    #nested(read: () => Condition): Condition {
        if (++this.#depth > limits.nesting) {
            throw this.cursor.error(`parentheses and "!" nest deeper than ${limits.nesting}`, this.cursor.peek());
        }
        this.#countOperator();
        const inside = read();
        this.#depth--;
        return inside;
    }

    #countOperator(): void {
        if (++this.#operators > limits.operators) {
            const bound = shown(limits.operators);
            throw this.cursor.error(`the rule has more than ${bound} operators and parentheses`, this.cursor.peek());
        }
    }

    #comparison(): Condition {
        if (this.cursor.takeSymbol("(")) {
            const condition = this.#nested(() => this.#or());
            this.cursor.expectSymbol(")");
            return condition;
        }
        const left = this.#primary();
        if ("condition" in left) {
            return left.condition;
        }
        const isActions = namesActions(left.operand);
        const operator = this.cursor.takeSymbol("=", "==", "!=", "!==") ?? this.cursor.takeWord("like", "matches");
        if (isActions && operator?.text !== "=") {
            throw this.cursor.error(`"${left.token.text}" can only be used with "="`, left.token);
        }
        switch (operator?.text.toLowerCase()) {
            case undefined:
                if (left.operand.kind === "literal") {
                    throw this.cursor.unexpected(this.cursor.peek(), `a comparison after ${quoted(left.token)}`);
                }
                return { kind: "truthy", operand: left.operand };
            case "like":
                return this.#pattern(left.operand, (pattern) => compileWildcard(pattern, "\\"));
            case "matches":
                return this.#pattern(left.operand, compileRegularExpression);
            default: {
                const right = this.#operand();
                return isActions
                    ? { kind: "actions", operand: right }
                    : {
                          kind: "compare",
                          operator: operator?.text as "=" | "==" | "!=" | "!==",
                          left: left.operand,
                          right,
                      };
            }
        }
    }

    #pattern(left: Operand, compile: (pattern: string) => Wildcard): Condition {
        const token = this.cursor.peek();
        const right = this.#operand();
        if (right.kind !== "literal") {
            throw this.cursor.error(`the pattern must be a text in quotes, not ${quoted(token)}`, token);
        }
        if (right.values.some((pattern) => pattern.length > limits.pattern)) {
            throw this.cursor.error(`the pattern has more than ${shown(limits.pattern)} characters`, token);
        }
        try {
            return { kind: "pattern", left, patterns: right.values.map(compile) };
        } catch (error) {
            throw error instanceof PatternError
                ? this.cursor.error(`${quoted(token)} is no regular expression of RE2's (${error.message})`, token)
                : error;
        }
    }

    #operand(): Operand {
        const token = this.cursor.peek();
        const expression = this.#primary();
        if ("condition" in expression || namesActions(expression.operand)) {
            throw this.cursor.error(`${quoted(token)} cannot stand to the right of an operator`, token);
        }
        return expression.operand;
    }

    #primary(): Expression {
        const token = this.cursor.peek();
        if (token.kind === "string" || token.kind === "number" || isBoolean(token)) {
            this.cursor.take();
            return { operand: { kind: "literal", values: [literalText(token)] }, token };
        }
        if (this.cursor.takeSymbol("{")) {
            const values: string[] = [];
            do {
                values.push(this.#listItem());
            } while (this.cursor.takeSymbol(","));
            this.cursor.expectSymbol("}");
            return { operand: { kind: "literal", values }, token };
        }
        if (token.kind === "word" && !OPERATORS.has(token.text.toLowerCase())) {
            this.cursor.take();
            return this.cursor.takeSymbol("(")
                ? { condition: this.#call(token) }
                : { operand: this.#attribute(token), token };
        }
        throw this.cursor.unexpected(token, "a value, an attribute or a function");
    }

    #listItem(): string {
        const token = this.cursor.peek();
        if (token.kind !== "string" && token.kind !== "number" && !isBoolean(token)) {
            throw this.cursor.unexpected(token, "a value in the list");
        }
        this.cursor.take();
        return literalText(token);
    }

    #attribute(token: Token): Operand {
        const [root = "", ...rest] = token.text.split(".");
        const subject = this.#subject(root, token);
        const path = root.toLowerCase() === "app" ? token.text : rest.join(".");
        if (path === "") {
            throw this.cursor.error(`"${token.text}" needs an attribute, such as "${token.text}.name"`, token);
        }
        return {
            kind: "attribute",
            subject,
            path: canonicalPath(subject, path),
            text: token.text,
            column: token.column,
        };
    }

    #subject(root: string, token: Token): Subject {
        switch (root.toLowerCase()) {
            case "resource":
            case "app": // older rules say `app.name` for `resource.app.name`
                return "resource";
            case "user":
                return "user";
            default:
                throw this.cursor.error(`"${token.text}" is neither an attribute of "resource" nor of "user"`, token);
        }
    }

    #call(token: Token): Condition {
        const dot = token.text.lastIndexOf(".");
        const target = token.text.slice(0, Math.max(dot, 0)).toLowerCase();
        const ofApp = target === "resource.app" || target === "app";
        switch (token.text.slice(dot + 1).toLowerCase()) {
            case "hasprivilege": {
                if (target !== "resource" && !ofApp) {
                    break;
                }
                const argument = this.cursor.peek();
                if (argument.kind !== "string") {
                    throw this.cursor.unexpected(argument, "an action in quotes");
                }
                this.cursor.take();
                this.cursor.expectSymbol(")");
                return { kind: "hasPrivilege", of: ofApp ? "app" : "resource", action: canonicalAction(argument.text) };
            }
            case "isanonymous":
                if (target !== "user") {
                    break;
                }
                this.cursor.expectSymbol(")");
                return { kind: "isAnonymous" };
            case "isowned": {
                if (target !== "resource" && !ofApp) {
                    break;
                }
                this.cursor.expectSymbol(")");
                const owner = this.#attribute({ ...token, text: `${token.text.slice(0, dot)}.owner` });
                return { kind: "not", condition: { kind: "empty", operand: owner } };
            }
            case "empty":
                if (dot < 0) {
                    break;
                }
                this.cursor.expectSymbol(")");
                return { kind: "empty", operand: this.#attribute({ ...token, text: token.text.slice(0, dot) }) };
        }
        throw this.cursor.error(`"${token.text}" is no function of the rules language`, token);
    }
}

/** By halves, so that of a thousand conditions none is a thousand levels deep. Their order is what counts, and stays. */
function joined(kind: "and" | "or", parts: readonly Condition[]): Condition {
    const [first] = parts;
    if (first && parts.length === 1) {
        return first;
    }
    const middle = parts.length >> 1;
    return { kind, left: joined(kind, parts.slice(0, middle)), right: joined(kind, parts.slice(middle)) };
}

function namesActions(operand: Operand): boolean {
    return operand.kind === "attribute" && operand.subject === "resource" && operand.path === "actions";
}

function isBoolean(token: Token): boolean {
    return token.kind === "word" && /^(true|false)$/i.test(token.text);
}

function literalText(token: Token): string {
    return isBoolean(token) ? token.text.toLowerCase() : token.text;
}
