import type { FieldValue } from "./values";

export type Row = readonly FieldValue[];

/** A step that made no row, and the step after the last. */
export const NOTHING = Symbol("nothing");
export const END = Symbol("end");

/**
 * Rows, made one step at a time: a step is a small piece of work even where a condition lets no row through, so that
 * whoever asks can do something else in between.
 */
export interface RowSource {
    readonly fields: readonly string[];
    step(): Row | typeof NOTHING | typeof END;
}

export function fromRows(fields: readonly string[], rows: readonly Row[]): RowSource {
    let next = 0;
    return { fields, step: () => rows[next++] ?? END };
}

export function emptyRows(count: number): RowSource {
    const row: Row = [];
    let made = 0;
    return { fields: [], step: () => (made++ < count ? row : END) };
}
