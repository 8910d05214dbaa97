import type { Key } from "../keys";
import type { Reading } from "../read";

const list = new Intl.ListFormat("en-GB");

/** The fault that a key's value leaves no room for others, and some of them are given. */
export function excludes(reading: Reading, key: Key, value: string, others: readonly Key[]): string[] {
    const given = others.filter((other) => reading.isGiven(other));
    if (reading.values[key] !== value || given.length === 0) {
        return [];
    }
    const them = given.length === 1 ? "it" : "them";
    return [
        `${key} is ${value}, which leaves no room for ${list.format(given.map(reading.shown))}: unset ${them}, or ${key}.`,
    ];
}

/** The fault that some of several keys are given and others aren't, where all say what they mean together only. */
export function together(reading: Reading, keys: readonly Key[]): string[] {
    const given = keys.filter((key) => reading.isGiven(key));
    const missing = keys.filter((key) => !reading.isGiven(key));
    if (given.length === 0 || missing.length === 0) {
        return [];
    }
    const are = given.length === 1 ? "is" : "are";
    const all = keys.length === 2 ? "both" : "all";
    return [
        `${list.format(given.map(reading.shown))} ${are} given without ${list.format(missing)}: give ${all}, or none.`,
    ];
}
