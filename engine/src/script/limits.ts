import { Fault, ReloadErrorCode } from "./errors";

/**
 * What a script may ask for. Beyond it the reload fails with a sentence that names the bound, and nothing else happens: no piece of work
 * between two turns of the process takes a second, on a slow machine either, and no script fills the memory that the sessions share.
 */
export const limits = {
    /** Characters of a script. */
    script: 5_000_000,
    /** Characters of one statement, with its comments, before its variables are expanded. */
    statement: 2_000_000,
    /** Characters that a statement may grow by when its variables are expanded. */
    growth: 1_000_000,
    /** Each `$(…)` of a statement, also those that come out of another. */
    expansions: 1_000,
    /** Words, numbers, texts and symbols of one statement. An INLINE table is one text. */
    tokens: 100_000,
    /** Parentheses, function calls and signs inside each other. */
    nesting: 250,
    /** Operators that wait for each other, as the first one in `a & b & c`. */
    depth: 2_000,
    /** Characters of a text that an expression makes or reads. */
    text: 1_000_000,
    /** Characters of a table's, field's or variable's name. */
    name: 10_000,
    /** Fields of a table. */
    fields: 10_000,
    /** Fields of all tables: each takes some 400 characters of an answer that describes them. */
    allFields: 50_000,
    /** LOADs that take their rows from each other. */
    precedingLoads: 100,
    /** Characters that are read or made, and comparisons, for one row or one statement. */
    work: 5_000_000,
    /** Characters of all that a reload keeps, about as many as it takes to write them down, and all of which are read in one go: a million rows of two numbers. */
    data: 50_000_000,
} as const;

/** @param what names the bound. @param at where in the statement's text */
export function beyond(what: string, at = 0): Fault {
    return new Fault(what, ReloadErrorCode.outOfMemory, at);
}

/** A bound as it is written in a sentence. */
export function shown(bound: number): string {
    return bound.toLocaleString("en-US");
}

/** @throws Fault, before a text is made that is too long */
export function checkTextLength(length: number): void {
    if (length > limits.text) {
        throw beyond(`A text would have more than ${shown(limits.text)} characters`);
    }
}

/** @throws Fault if a name is too long */
export function checkName(name: string, at = 0): void {
    if (name.length > limits.name) {
        throw beyond(`A name has more than ${shown(limits.name)} characters`, at);
    }
}
