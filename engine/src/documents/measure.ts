const bytesACharacter = 2;
const bytesAValue = 8;
const bytesAnObject = 32;

/** Bytes of memory that a value of JSON takes, about: every character counts as two, whatever it is. */
export function memoryOf(value: unknown): number {
    let bytes = 0;
    // A list of what is left to count, and no recursion: clients nest as deep as they like.
    const left: unknown[] = [value];
    while (left.length > 0) {
        const next = left.pop();
        bytes += bytesAValue;
        if (typeof next === "string") {
            bytes += next.length * bytesACharacter;
        } else if (Array.isArray(next)) {
            bytes += bytesAnObject + count(next, left);
        } else if (typeof next === "object" && next !== null) {
            const members = Object.entries(next);
            bytes += bytesAnObject + members.length * bytesAValue;
            for (const [key, member] of members) {
                bytes += key.length * bytesACharacter;
                left.push(member);
            }
        }
    }
    return bytes;
}

/** Rows' numbers and texts are counted on the way, because there may be millions. @returns the bytes of what isn't left. */
function count(values: readonly unknown[], left: unknown[]): number {
    let bytes = 0;
    for (const value of values) {
        if (typeof value === "string") {
            bytes += bytesAValue + value.length * bytesACharacter;
        } else if (typeof value === "object" && value !== null) {
            left.push(value);
        } else {
            bytes += bytesAValue;
        }
    }
    return bytes;
}
