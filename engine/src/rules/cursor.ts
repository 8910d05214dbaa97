import { RuleSyntaxError } from "./errors";
import type { Token } from "./tokens";

/** Walks over the tokens of one rule. */
export class Cursor {
    #next = 0;

    /** @param tokens with an "end" token last */
    constructor(
        private readonly tokens: readonly Token[],
        private readonly line: number,
    ) {}

    peek(): Token {
        return this.tokens[this.#next] as Token;
    }

    take(): Token {
        const token = this.peek();
        this.#next = Math.min(this.#next + 1, this.tokens.length - 1);
        return token;
    }

    takeSymbol(...symbols: string[]): Token | undefined {
        const token = this.peek();
        return token.kind === "symbol" && symbols.includes(token.text) ? this.take() : undefined;
    }

    /** Words count in any case of letters. */
    takeWord(...words: string[]): Token | undefined {
        const token = this.peek();
        return token.kind === "word" && words.includes(token.text.toLowerCase()) ? this.take() : undefined;
    }

    expectSymbol(symbol: string): void {
        if (!this.takeSymbol(symbol)) {
            throw this.unexpected(this.peek(), `"${symbol}"`);
        }
    }

    unexpected(token: Token, expected: string): RuleSyntaxError {
        return this.error(`expected ${expected}, found ${quoted(token)}`, token);
    }

    error(reason: string, token: Token): RuleSyntaxError {
        return new RuleSyntaxError(reason, this.line, token.column);
    }
}

export function quoted(token: Token): string {
    return token.kind === "end" ? "the end of the line" : `"${token.text}"`;
}
