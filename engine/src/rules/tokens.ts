import { RuleSyntaxError } from "./errors";

export interface Token {
    readonly kind: "string" | "number" | "word" | "symbol" | "end";
    /** A string's content, otherwise the text as written. */
    readonly text: string;
    /** From 1. */
    readonly column: number;
}

const SPACE = /[\s\uFEFF]+/y;
const COMMENT = /(?:#|\/\/).*/y;
// Backslashes stay: what they mean is the matter of `like` and `matches`.
const STRING = /"([^"\\]*(?:\\.[^"\\]*)*)"/y;
const NUMBER = /-?\d+(?:\.\d+)?/y;
const WORD = /[\p{L}_@][\p{L}\p{N}_@-]*(?:\.[\p{L}_@][\p{L}\p{N}_@-]*)*/uy;
const SYMBOL = /!==|!=|==|=|!|&&|\|\||[(){},]/y;

/** The tokens of one line, with an "end" token last. */
export function tokenize(source: string, line: number): Token[] {
    const tokens: Token[] = [];
    let at = 0;
    const take = (pattern: RegExp): RegExpExecArray | null => {
        pattern.lastIndex = at;
        const match = pattern.exec(source);
        at = match ? pattern.lastIndex : at;
        return match;
    };
    while (at < source.length) {
        if (take(SPACE) || take(COMMENT)) {
            continue;
        }
        const column = at + 1;
        let match: RegExpExecArray | null;
        if ((match = take(STRING))) {
            tokens.push({ kind: "string", text: (match[1] ?? "").replace(/\\"/g, '"'), column });
        } else if ((match = take(WORD))) {
            tokens.push({ kind: "word", text: match[0], column });
        } else if ((match = take(NUMBER))) {
            tokens.push({ kind: "number", text: match[0], column });
        } else if ((match = take(SYMBOL))) {
            tokens.push({ kind: "symbol", text: match[0], column });
        } else if (source[at] === '"') {
            throw new RuleSyntaxError(`the text ${source.slice(at, at + 100)} has no closing quote`, line, column);
        } else {
            throw new RuleSyntaxError(`"${source[at]}" is not part of a rule`, line, column);
        }
    }
    tokens.push({ kind: "end", text: "", column: source.trimEnd().length + 1 });
    return tokens;
}
