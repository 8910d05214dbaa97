/**
 * A compiled wildcard pattern: `*` stands for any run of characters, `?` for exactly one; letters match in any case.
 *
 * @param spend is told of comparisons, and may end the search by throwing: a hostile pattern costs length times length.
 */
export type Wildcard = (text: string, spend?: (comparisons: number) => void) => boolean;

const ANY_RUN = -1;
const ANY_ONE = -2;
const NOTHING = -3;
/** Comparisons between two calls of `spend`. */
const ACCOUNT_EVERY = 0x4000;

/** @param escape a character that takes the meaning from a `*`, a `?` or itself, where it stands before one */
export function compileWildcard(pattern: string, escape?: string): Wildcard {
    const parts = parse(pattern.toLowerCase(), escape);
    const shortest = parts.reduce((length, part) => (part === ANY_RUN ? length : length + 1), 0);
    return (text, spend = spendNothing) => {
        const lower = text.toLowerCase();
        return lower.length >= shortest && matches(lower, parts, spend);
    };
}

/** UTF-16 code units, and the two wildcards. */
function parse(pattern: string, escape: string | undefined): Int32Array {
    const parts = new Int32Array(pattern.length);
    let length = 0;
    for (let at = 0; at < pattern.length; at++) {
        const character = pattern[at];
        const next = pattern[at + 1];
        if (character === escape && (next === "*" || next === "?" || next === escape)) {
            parts[length++] = pattern.charCodeAt(++at);
        } else if (character === "*") {
            parts[length++] = ANY_RUN;
        } else {
            parts[length++] = character === "?" ? ANY_ONE : pattern.charCodeAt(at);
        }
    }
    return parts.subarray(0, length);
}

/** Only the last `*` is ever tried again. */
function matches(text: string, parts: Int32Array, spend: (comparisons: number) => void): boolean {
    let at = 0;
    let part = 0;
    let retryAt = 0;
    let retryPart = -1;
    let comparisons = 0;
    while (at < text.length) {
        if (++comparisons === ACCOUNT_EVERY) {
            spend(comparisons);
            comparisons = 0;
        }
        const wanted = part < parts.length ? parts[part] : NOTHING;
        if (wanted === text.charCodeAt(at)) {
            part++;
            at++;
        } else if (wanted === ANY_RUN) {
            retryPart = ++part;
            retryAt = at;
        } else if (wanted === ANY_ONE) {
            part++;
            at += characterLength(text, at);
        } else if (retryPart >= 0) {
            part = retryPart;
            at = retryAt += characterLength(text, retryAt);
        } else {
            return false;
        }
    }
    while (parts[part] === ANY_RUN) {
        part++;
    }
    spend(comparisons);
    return part === parts.length;
}

/** In code units: 2 of those characters that UTF-16 writes as a pair. */
function characterLength(text: string, at: number): number {
    return (text.codePointAt(at) ?? 0) > 0xffff ? 2 : 1;
}

function spendNothing(): void {}
