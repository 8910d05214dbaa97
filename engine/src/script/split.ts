import { Fault, type Located, ReloadErrorCode } from "./errors";

const SPACE = /\s+/y;
const COMMENT = /\/\/[^\r\n]*|\/\*[\s\S]*?(?:\*\/|$)/y;
const REMARK = /rem(?=[\s;]|$)[^;]*/iy;
const CLOSING: Readonly<Record<string, string>> = { "'": "'", '"': '"', "[": "]" };

/**
 * A script's statements: what stands between semicolons, where those in quotes, brackets and comments don't count.
 * Comments become blanks and REM statements vanish; empty statements are left out. The last one needs no semicolon.
 * @throws Fault (its `at` is an offset in the script) at a quote or bracket that is never closed
 */
export function* splitStatements(script: string): Generator<Located> {
    let text = "";
    let isBlank = true;
    let start = 0;
    let at = 0;
    const take = (pattern: RegExp): string | undefined => {
        pattern.lastIndex = at;
        const match = pattern.exec(script)?.[0];
        at += match?.length ?? 0;
        return match;
    };
    while (at < script.length) {
        const character = script[at] ?? "";
        const closing = CLOSING[character];
        const comment = take(COMMENT);
        if (comment !== undefined) {
            text += comment.replace(/[^\r\n]/g, " ");
        } else if (closing !== undefined) {
            const end = script.indexOf(closing, at + 1);
            if (end < 0) {
                throw new Fault(`The ${character} is never closed`, ReloadErrorCode.expectedSomething, at);
            }
            text += script.slice(at, end + 1);
            isBlank = false;
            at = end + 1;
        } else if (character === ";") {
            at++;
            yield* located(text, start);
            text = "";
            isBlank = true;
            start = at;
        } else {
            const blank = isBlank ? (take(SPACE) ?? take(REMARK)?.replace(/[^\r\n]/g, " ")) : undefined;
            if (blank === undefined) {
                isBlank = false;
                at++;
            }
            text += blank ?? character;
        }
    }
    yield* located(text, start);
}

function* located(text: string, start: number): Generator<Located> {
    const leading = text.length - text.trimStart().length;
    if (leading < text.length) {
        yield { text: text.slice(leading), origin: (at) => start + leading + at };
    }
}
