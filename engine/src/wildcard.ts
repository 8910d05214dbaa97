/** A compiled wildcard pattern: `*` stands for any run of characters, `?` for exactly one; letters match in any case. */
export type Wildcard = (text: string) => boolean;

const ANY_RUN = Symbol("*");
const ANY_ONE = Symbol("?");
type Part = string | typeof ANY_RUN | typeof ANY_ONE;

/** @param escape a character that takes the meaning from a `*`, a `?` or itself, where it stands before one */
export function compileWildcard(pattern: string, escape?: string): Wildcard {
    const parts = parse(pattern.toLowerCase(), escape);
    return (text) => matches(Array.from(text.toLowerCase()), parts);
}

function parse(pattern: string, escape: string | undefined): Part[] {
    const characters = Array.from(pattern);
    const parts: Part[] = [];
    for (let i = 0; i < characters.length; i++) {
        const character = characters[i] ?? "";
        const next = characters[i + 1];
        if (character === escape && (next === "*" || next === "?" || next === escape)) {
            parts.push(next ?? "");
            i++;
        } else if (character === "*") {
            parts.push(ANY_RUN);
        } else {
            parts.push(character === "?" ? ANY_ONE : character);
        }
    }
    return parts;
}

/** Only the last `*` is ever tried again, so a hostile pattern costs length times length and not more. */
function matches(text: readonly string[], parts: readonly Part[]): boolean {
    let at = 0;
    let part = 0;
    let retryAt = 0;
    let retryPart = -1;
    while (at < text.length) {
        if (parts[part] === ANY_RUN) {
            retryPart = ++part;
            retryAt = at;
        } else if (part < parts.length && (parts[part] === ANY_ONE || parts[part] === text[at])) {
            part++;
            at++;
        } else if (retryPart >= 0) {
            part = retryPart;
            at = ++retryAt;
        } else {
            return false;
        }
    }
    while (parts[part] === ANY_RUN) {
        part++;
    }
    return part === parts.length;
}
