import { Fault, ReloadErrorCode } from "./errors";
import { beyond, limits, shown } from "./limits";

/**
 * `word` is a bare identifier or keyword, `name` one in double quotes or brackets, `text` one in single quotes.
 * A name's and a text's `value` is what stands inside.
 */
export interface Token {
    readonly kind: "word" | "name" | "text" | "number" | "symbol" | "end";
    readonly value: string;
    readonly at: number;
    readonly end: number;
}

const SPACE = /\s+/y;
const PATTERNS: readonly (readonly [Token["kind"], RegExp])[] = [
    ["text", /'([^']*(?:''[^']*)*)'/y],
    ["name", /"([^"]*(?:""[^"]*)*)"/y],
    ["name", /\[([^\]]*)\]/y],
    ["number", /(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?/iy],
    ["word", /[\p{L}_%@#$][\p{L}\p{N}_%@#$.]*/uy],
    ["symbol", /<>|<=|>=|[=<>+\-*/&(),:]/y],
];

/** The tokens of one statement, with an "end" token last. @throws Fault at a character of no meaning, or if there are too many */
export function tokenize(statement: string): Token[] {
    const tokens: Token[] = [];
    let at = 0;
    for (;;) {
        SPACE.lastIndex = at;
        at += SPACE.exec(statement)?.[0].length ?? 0;
        if (at === statement.length) {
            tokens.push({ kind: "end", value: "", at: statement.trimEnd().length, end: at });
            return tokens;
        }
        const token = tokenAt(statement, at);
        if (tokens.length === limits.tokens) {
            throw beyond(`The statement is too large: it has more than ${shown(limits.tokens)} words and symbols`, at);
        }
        tokens.push(token);
        at = token.end;
    }
}

function tokenAt(statement: string, at: number): Token {
    for (const [kind, pattern] of PATTERNS) {
        pattern.lastIndex = at;
        const match = pattern.exec(statement);
        if (match) {
            return { kind, value: unquoted(match[0], match[1]), at, end: pattern.lastIndex };
        }
    }
    throw new Fault(`Unexpected character: ${statement[at]}`, ReloadErrorCode.expectedNothing, at);
}

/** A quote inside quotes is written twice; brackets know no such thing. */
function unquoted(token: string, content: string | undefined): string {
    const quote = token.charAt(0);
    return content === undefined || quote === "[" ? (content ?? token) : content.replaceAll(quote + quote, quote);
}
