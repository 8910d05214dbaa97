import { Fault, ReloadErrorCode } from "./errors";
import { beyond, checkName, limits, shown } from "./limits";
import { type Token, tokenize } from "./tokens";

/** Walks over the tokens of one statement. Keywords are words in any case of letters. */
export class Cursor {
    readonly #tokens: readonly Token[];
    #next = 0;
    #depth = 0;

    constructor(readonly statement: string) {
        this.#tokens = tokenize(statement);
    }

    /** The token that is read next, or one further ahead. */
    peek(ahead = 0): Token {
        return (this.#tokens[this.#next + ahead] ?? this.#tokens.at(-1)) as Token;
    }

    take(): Token {
        const token = this.peek();
        this.#next = Math.min(this.#next + 1, this.#tokens.length - 1);
        return token;
    }

    /** Reads what may have more of its kind inside. @throws Fault if it is too deep */
    nested<T>(read: () => T): T {
        if (++this.#depth > limits.nesting) {
            throw beyond(`The statement is nested deeper than ${shown(limits.nesting)}`, this.peek().at);
        }
        const inside = read();
        this.#depth--;
        return inside;
    }

    isKeyword(...words: string[]): boolean {
        const token = this.peek();
        return token.kind === "word" && words.includes(token.value.toLowerCase());
    }

    isSymbol(...symbols: string[]): boolean {
        const token = this.peek();
        return token.kind === "symbol" && symbols.includes(token.value);
    }

    takeKeyword(...words: string[]): Token | undefined {
        return this.isKeyword(...words) ? this.take() : undefined;
    }

    takeSymbol(...symbols: string[]): Token | undefined {
        return this.isSymbol(...symbols) ? this.take() : undefined;
    }

    expectKeyword(word: string): Token {
        return this.takeKeyword(word) ?? this.fail(word.toUpperCase());
    }

    expectSymbol(symbol: string): Token {
        return this.takeSymbol(symbol) ?? this.fail(`'${symbol}'`);
    }

    /** A field's, table's or variable's name: bare, in double quotes or in brackets. */
    expectName(what: string): Token {
        const token = this.peek();
        if (token.kind !== "word" && token.kind !== "name") {
            this.fail(what);
        }
        checkName(token.value, token.at);
        return this.take();
    }

    expectEnd(): void {
        const token = this.peek();
        if (token.kind !== "end") {
            throw new Fault(`Unexpected token: ${this.shown(token)}`, ReloadErrorCode.expectedNothing, token.at);
        }
    }

    fail(expected: string): never {
        const token = this.peek();
        throw new Fault(
            `Expected ${expected}, found ${this.shown(token)}`,
            ReloadErrorCode.expectedSomething,
            token.at,
        );
    }

    shown(token: Token): string {
        return token.kind === "end" ? "the end of the statement" : this.statement.slice(token.at, token.end);
    }
}
