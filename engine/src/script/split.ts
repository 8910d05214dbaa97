import { Fault, type Located, ReloadErrorCode } from "./errors";
import { beyond, limits, shown } from "./limits";

const SPACE = /\s+/y;
const COMMENT = /\/\/[^\r\n]*|\/\*[\s\S]*?(?:\*\/|$)/y;
const REMARK = /rem(?=[\s;]|$)[^;]*/iy;
/** What means nothing here, as far as that can be told from the characters alone. */
const PLAIN = /[^;'"[/]+/y;
/** Pieces that are read between two turns in which nothing is given. */
const PIECES_A_TURN = 10_000;
const CLOSING: Readonly<Record<string, string>> = { "'": "'", '"': '"', "[": "]" };

/**
 * A script's statements: what stands between semicolons, where those in quotes, brackets and comments don't count.
 * Comments become blanks and REM statements vanish; empty statements are left out. The last one needs no semicolon.
 * Undefined is given where much has been read that is no statement, so that whoever asks can do something else in between.
 *
 * @throws Fault (its `at` is an offset in the script) at a quote or bracket that is never closed, or at a script or a statement that is too long
 */
export function* splitStatements(script: string): Generator<Located | undefined> {
    if (script.length > limits.script) {
        throw beyond(`The script has more than ${shown(limits.script)} characters`);
    }
    /** The statement up to `taken`, in pieces: joined one by one, a long text would be of as many parts as characters. */
    let pieces: string[] = [];
    let taken = 0;
    let isBlank = true;
    let start = 0;
    let at = 0;
    const match = (pattern: RegExp): string | undefined => {
        pattern.lastIndex = at;
        return pattern.exec(script)?.[0];
    };
    const blankOut = (text: string): void => {
        pieces.push(
            script.slice(taken, at),
            text.replace(/[^\r\n]+/g, (run) => " ".repeat(run.length)),
        );
        at += text.length;
        taken = at;
    };
    for (let turns = 1; at < script.length; turns++) {
        if (turns % PIECES_A_TURN === 0) {
            yield undefined;
        }
        const character = script[at] ?? "";
        const closing = CLOSING[character];
        const comment = character === "/" ? match(COMMENT) : undefined;
        if (at - start > limits.statement) {
            throw beyond(`A statement has more than ${shown(limits.statement)} characters`, start);
        }
        if (comment !== undefined) {
            blankOut(comment);
        } else if (closing !== undefined) {
            const end = script.indexOf(closing, at + 1);
            if (end < 0) {
                throw new Fault(`The ${character} is never closed`, ReloadErrorCode.expectedSomething, at);
            }
            isBlank = false;
            at = end + 1;
        } else if (character === ";") {
            if (!isBlank) {
                pieces.push(script.slice(taken, at));
                yield located(pieces.join(""), start);
            }
            pieces = [];
            isBlank = true;
            start = taken = ++at;
        } else {
            const space = isBlank ? match(SPACE) : undefined;
            const remark = isBlank && space === undefined ? match(REMARK) : undefined;
            if (space !== undefined) {
                at += space.length;
            } else if (remark !== undefined) {
                blankOut(remark);
            } else {
                isBlank = false;
                at += match(PLAIN)?.length ?? 1;
            }
        }
    }
    if (at - start > limits.statement) {
        throw beyond(`A statement has more than ${shown(limits.statement)} characters`, start);
    }
    if (!isBlank) {
        pieces.push(script.slice(taken));
        yield located(pieces.join(""), start);
    }
}

function located(text: string, start: number): Located {
    const leading = text.length - text.trimStart().length;
    return { text: text.slice(leading), origin: (at) => start + leading + at };
}
