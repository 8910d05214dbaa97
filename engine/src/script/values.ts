/** What a field holds in one row. Truth values are -1 and 0, as everywhere in QIX; null is "no value". */
export type FieldValue = number | string | null;

export const TRUE = -1;
export const FALSE = 0;

/** Without a choice of how to read the same digits, which would take a long text of them for ever. */
const NUMERIC = /^\s*[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:e[+-]?\d+)?\s*$/i;

export function fromBoolean(value: boolean): number {
    return value ? TRUE : FALSE;
}

/** @returns null if the value cannot be read as a number */
export function toNumber(value: FieldValue | undefined): number | null {
    if (typeof value === "number") {
        return value;
    }
    return typeof value === "string" && NUMERIC.test(value) ? finite(Number(value)) : null;
}

/** Numbers show at most 14 significant digits, so that 0.1 + 0.2 reads 0.3. */
export function toText(value: FieldValue | undefined): string | null {
    if (typeof value === "number") {
        return String(Number.isInteger(value) ? value : Number(value.toPrecision(14)));
    }
    return value ?? null;
}

/** Null and texts that are no number are not true. */
export function isTrue(value: FieldValue): boolean {
    const number = toNumber(value);
    return number !== null && number !== 0;
}

/** A number that arithmetic has made, or null where it has made none. */
export function finite(value: number): number | null {
    // + 0 makes 0 of -0, which no user has ever asked for.
    return Number.isFinite(value) ? value + 0 : null;
}
