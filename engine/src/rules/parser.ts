import { compileWildcard, type Wildcard } from "../wildcard";
import type { Condition, Operand, Rule, RuleSet, Subject } from "./ast";
import { canonicalAction, canonicalPath } from "./attributes";
import { RuleSyntaxError } from "./errors";
import { type Token, tokenize } from "./tokens";

/**
 * Reads a rules file: one rule a line, `#` and `//` begin comments.
 * @throws RuleSyntaxError at the first rule that cannot be read
 */
export function parseRules(text: string): RuleSet {
    const rules: Rule[] = [];
    text.split(/\r\n|\n|\r/).forEach((source, index) => {
        const line = index + 1;
        const tokens = tokenize(source, line);
        if (tokens.length > 1) {
            rules.push({ line, condition: new RuleParser(tokens, line).parse() });
        }
    });
    return { rules };
}

type Expression = { readonly operand: Operand; readonly token: Token } | { readonly condition: Condition };

class RuleParser {
    #next = 0;

    constructor(
        private readonly tokens: readonly Token[],
        private readonly line: number,
    ) {}

    parse(): Condition {
        const condition = this.#or();
        const rest = this.#peek();
        if (rest.kind !== "end") {
            throw this.#unexpected(rest, '"and", "or" or the end of the line');
        }
        return condition;
    }

    #or(): Condition {
        let left = this.#and();
        while (this.#takeWord("or") || this.#takeSymbol("||")) {
            left = { kind: "or", left, right: this.#and() };
        }
        return left;
    }

    #and(): Condition {
        let left = this.#not();
        while (this.#takeWord("and") || this.#takeSymbol("&&")) {
            left = { kind: "and", left, right: this.#not() };
        }
        return left;
    }

    #not(): Condition {
        return this.#takeSymbol("!") ? { kind: "not", condition: this.#not() } : this.#comparison();
    }

    #comparison(): Condition {
        if (this.#takeSymbol("(")) {
            const condition = this.#or();
            this.#expectSymbol(")");
            return condition;
        }
        const left = this.#primary();
        if ("condition" in left) {
            return left.condition;
        }
        const isActions = namesActions(left.operand);
        const operator = this.#takeSymbol("=", "==", "!=", "!==") ?? this.#takeWord("like", "matches");
        if (isActions && operator?.text !== "=") {
            throw this.#error(`"${left.token.text}" can only be used with "="`, left.token);
        }
        switch (operator?.text.toLowerCase()) {
            case undefined:
                if (left.operand.kind === "literal") {
                    throw this.#unexpected(this.#peek(), `a comparison after ${quoted(left.token)}`);
                }
                return { kind: "truthy", operand: left.operand };
            case "like":
                return this.#pattern(left.operand, (pattern) => compileWildcard(pattern, "\\"));
            case "matches":
                return this.#pattern(left.operand, compileRegExp);
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
        const token = this.#peek();
        const right = this.#operand();
        if (right.kind !== "literal") {
            throw this.#error(`the pattern must be a text in quotes, not ${quoted(token)}`, token);
        }
        try {
            return { kind: "pattern", left, patterns: right.values.map(compile) };
        } catch (error) {
            throw this.#error(`${quoted(token)} is no regular expression (${(error as Error).message})`, token);
        }
    }

    #operand(): Operand {
        const token = this.#peek();
        const expression = this.#primary();
        if ("condition" in expression || namesActions(expression.operand)) {
            throw this.#error(`${quoted(token)} cannot stand to the right of an operator`, token);
        }
        return expression.operand;
    }

    #primary(): Expression {
        const token = this.#peek();
        if (token.kind === "string" || token.kind === "number" || isBoolean(token)) {
            this.#next++;
            return { operand: { kind: "literal", values: [literalText(token)] }, token };
        }
        if (this.#takeSymbol("{")) {
            const values: string[] = [];
            do {
                values.push(this.#listItem());
            } while (this.#takeSymbol(","));
            this.#expectSymbol("}");
            return { operand: { kind: "literal", values }, token };
        }
        if (token.kind === "word") {
            this.#next++;
            return this.#takeSymbol("(")
                ? { condition: this.#call(token) }
                : { operand: this.#attribute(token), token };
        }
        throw this.#unexpected(token, "a value, an attribute or a function");
    }

    #listItem(): string {
        const token = this.#peek();
        if (token.kind !== "string" && token.kind !== "number" && !isBoolean(token)) {
            throw this.#unexpected(token, "a value in the list");
        }
        this.#next++;
        return literalText(token);
    }

    #attribute(token: Token): Operand {
        const [root = "", ...rest] = token.text.split(".");
        const subject = this.#subject(root, token);
        const path = root.toLowerCase() === "app" ? token.text : rest.join(".");
        if (path === "") {
            throw this.#error(`"${token.text}" needs an attribute, such as "${token.text}.name"`, token);
        }
        return { kind: "attribute", subject, path: canonicalPath(subject, path) };
    }

    #subject(root: string, token: Token): Subject {
        switch (root.toLowerCase()) {
            case "resource":
            case "app": // older rules say `app.name` for `resource.app.name`
                return "resource";
            case "user":
                return "user";
            default:
                throw this.#error(`"${token.text}" is neither an attribute of "resource" nor of "user"`, token);
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
                const argument = this.#peek();
                if (argument.kind !== "string") {
                    throw this.#unexpected(argument, "an action in quotes");
                }
                this.#next++;
                this.#expectSymbol(")");
                return { kind: "hasPrivilege", of: ofApp ? "app" : "resource", action: canonicalAction(argument.text) };
            }
            case "isanonymous":
                if (target !== "user") {
                    break;
                }
                this.#expectSymbol(")");
                return { kind: "isAnonymous" };
            case "isowned": {
                if (target !== "resource" && !ofApp) {
                    break;
                }
                this.#expectSymbol(")");
                const path = ofApp ? "app.owner" : "owner";
                return {
                    kind: "not",
                    condition: { kind: "empty", operand: { kind: "attribute", subject: "resource", path } },
                };
            }
            case "empty":
                if (dot < 0) {
                    break;
                }
                this.#expectSymbol(")");
                return { kind: "empty", operand: this.#attribute({ ...token, text: token.text.slice(0, dot) }) };
        }
        throw this.#error(`"${token.text}" is no function of the rules language`, token);
    }

    #peek(): Token {
        return this.tokens[this.#next] as Token;
    }

    #takeSymbol(...symbols: string[]): Token | undefined {
        return this.#takeIf((token) => token.kind === "symbol" && symbols.includes(token.text));
    }

    #takeWord(...words: string[]): Token | undefined {
        return this.#takeIf((token) => token.kind === "word" && words.includes(token.text.toLowerCase()));
    }

    #takeIf(wanted: (token: Token) => boolean): Token | undefined {
        const token = this.#peek();
        if (!wanted(token)) {
            return undefined;
        }
        this.#next++;
        return token;
    }

    #expectSymbol(symbol: string): void {
        if (!this.#takeSymbol(symbol)) {
            throw this.#unexpected(this.#peek(), `"${symbol}"`);
        }
    }

    #unexpected(token: Token, expected: string): RuleSyntaxError {
        return this.#error(`expected ${expected}, found ${quoted(token)}`, token);
    }

    #error(reason: string, token: Token): RuleSyntaxError {
        return new RuleSyntaxError(reason, this.line, token.column);
    }
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

function quoted(token: Token): string {
    return token.kind === "end" ? "the end of the line" : `"${token.text}"`;
}

/** The text that came with the older rule names has it whole and in any case. */
function compileRegExp(pattern: string): Wildcard {
    const expression = new RegExp(`^(?:${pattern})$`, "i");
    return (text) => expression.test(text);
}
