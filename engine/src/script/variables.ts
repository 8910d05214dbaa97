import { compileExpression, NO_ROW } from "./compile";
import { Cursor } from "./cursor";
import type { DataSize } from "./dataSize";
import { Fault, type Located, ReloadErrorCode } from "./errors";
import { beyond, checkTextLength, limits, shown } from "./limits";
import type { Meter } from "./meter";
import type { Pacer } from "../pacer";
import { parseExpression } from "./parseExpression";
import { toText, type FieldValue } from "./values";

export type Variables = Map<string, number | string>;

/** The value of a variable by the name that an expression outside of a LOAD uses; null if there is none. */
export function variableValue(variables: Variables, name: string): FieldValue {
    return variables.get(name) ?? null;
}

/** @throws Fault if the value is too long, or the data become too large */
export function setVariable(variables: Variables, size: DataSize, name: string, value: FieldValue): void {
    if (typeof value === "string") {
        checkTextLength(value.length);
    }
    size.replace(variables.get(name) ?? null, value);
    size.replace(null, variables.has(name) ? null : name);
    if (value === null || value === "") {
        variables.delete(name);
    } else {
        variables.set(name, value);
    }
}

export function hasExpansion(text: string): boolean {
    return text.includes("$(");
}

/**
 * Puts the values of variables in the place of each `$(name)`, inside quotes too, and the result of an expression in the
 * place of `$(=…)`. Values are expanded in turn, the innermost first; a variable that does not exist leaves nothing.
 *
 * @throws Fault if the statement grows too long or can't be expanded; what the pacer throws
 */
export async function expandVariables(
    statement: Located,
    variables: Variables,
    meter: Meter,
    pacer: Pacer,
): Promise<Located> {
    let { text } = statement;
    const longest = text.length + limits.growth;
    const replaced: { at: number; length: number; by: number }[] = [];
    const origin = (offset: number): number =>
        replaced.reduceRight((at, { at: start, length, by }) => {
            if (at < start) {
                return at;
            }
            return at < start + length ? start : at - length + by;
        }, offset);
    // What stands behind the last one that was replaced has none any more.
    for (let at = text.lastIndexOf("$("); at >= 0;) {
        const end = closingParenthesis(text, at + 1);
        if (end < 0) {
            throw new Fault("Expected ')' after $(", ReloadErrorCode.expectedSomething, origin(at));
        }
        const value = expansion(text.slice(at + 2, end), () => origin(at), variables, meter);
        text = text.slice(0, at) + value + text.slice(end + 1);
        replaced.push({ at, length: value.length, by: end + 1 - at });
        if (text.length > longest || replaced.length > limits.expansions) {
            throw beyond(
                "The variables of the statement expand without end: " +
                    `more than ${shown(limits.expansions)} of them, or by more than ${shown(limits.growth)} characters`,
                origin(at),
            );
        }
        at = text.lastIndexOf("$(", at + value.length);
        if (pacer.isDue()) {
            await pacer.pause();
        }
    }
    return { text, origin: (offset) => statement.origin(origin(offset)) };
}

function closingParenthesis(text: string, open: number): number {
    let depth = 0;
    for (let at = open; at < text.length; at++) {
        depth += text[at] === "(" ? 1 : text[at] === ")" ? -1 : 0;
        if (depth === 0) {
            return at;
        }
    }
    return -1;
}

/** @param at where a fault is reported */
function expansion(inside: string, at: () => number, variables: Variables, meter: Meter): string {
    if (inside.startsWith("=")) {
        try {
            return toText(evaluateOnce(inside.slice(1), variables, meter)) ?? "";
        } catch (error) {
            throw error instanceof Fault ? new Fault(error.message, error.code, at()) : error;
        }
    }
    if (inside.includes("(")) {
        throw new Fault(
            `Variables with parameters are not supported: $(${inside})`,
            ReloadErrorCode.unknownStatement,
            at(),
        );
    }
    return toText(variableValue(variables, inside.trim())) ?? "";
}

function evaluateOnce(text: string, variables: Variables, meter: Meter): FieldValue {
    const cursor = new Cursor(text);
    const expression = parseExpression(cursor);
    cursor.expectEnd();
    meter.restart();
    return compileExpression(expression, { name: (name) => () => variableValue(variables, name) }, meter)(NO_ROW);
}
