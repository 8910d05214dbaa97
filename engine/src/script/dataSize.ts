import { beyond, limits, shown } from "./limits";
import type { Row } from "./rows";
import type { FieldValue } from "./values";

/** About what a number takes when it is written down. */
const NUMBER = 16;
/** Quotes, commas and brackets. */
const SEPARATORS = 3;

/**
 * Counts what a reload keeps by what it will take to write it down. The heap does not tell: a text that was made by repeating
 * another takes next to nothing there, until somebody reads it.
 */
export class DataSize {
    #size = 0;

    /** @throws Fault if it is too much */
    addRow(row: Row): void {
        let size = SEPARATORS;
        for (const value of row) {
            size += sizeOf(value);
        }
        this.#add(size);
    }

    addNames(names: readonly string[]): void {
        this.addRow(names);
    }

    /** A value takes the place of another, or of none. */
    replace(old: FieldValue, value: FieldValue): void {
        this.#add((value === null ? 0 : sizeOf(value)) - (old === null ? 0 : sizeOf(old)));
    }

    #add(size: number): void {
        this.#size += size;
        if (this.#size > limits.data) {
            throw beyond(`The data would take more than ${shown(limits.data)} characters`);
        }
    }
}

function sizeOf(value: FieldValue): number {
    return (typeof value === "string" ? value.length : NUMBER) + SEPARATORS;
}
