import { compileExpression, NO_ROW } from "./compile";
import { Cursor } from "./cursor";
import { Fault, type Located, ReloadErrorCode } from "./errors";
import { parseExpression } from "./parseExpression";
import { toText, type FieldValue } from "./values";

export type Variables = Map<string, number | string>;

/** How many characters longer a statement may become. */
const MAX_GROWTH = 1_000_000;
const MAX_EXPANSIONS = 1_000;

/** The value of a variable by the name that an expression outside of a LOAD uses; null if there is none. */
export function variableValue(variables: Variables, name: string): FieldValue {
    return variables.get(name) ?? null;
}

export function setVariable(variables: Variables, name: string, value: FieldValue): void {
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
 */
export function expandVariables(statement: Located, variables: Variables): Located {
    let { text } = statement;
    const replaced: { at: number; length: number; by: number }[] = [];
    const origin = (offset: number): number =>
        replaced.reduceRight((at, { at: start, length, by }) => {
            if (at < start) {
                return at;
            }
            return at < start + length ? start : at - length + by;
        }, offset);
    for (let count = 0; hasExpansion(text); count++) {
        const at = text.lastIndexOf("$(");
        const end = closingParenthesis(text, at + 1);
        if (end < 0) {
            throw new Fault("Expected ')' after $(", ReloadErrorCode.expectedSomething, origin(at));
        }
        const value = expansion(text.slice(at + 2, end), origin(at), variables);
        text = text.slice(0, at) + value + text.slice(end + 1);
        replaced.push({ at, length: value.length, by: end + 1 - at });
        if (text.length - statement.text.length > MAX_GROWTH || count > MAX_EXPANSIONS) {
            throw new Fault(
                "The variables of the statement expand without end",
                ReloadErrorCode.outOfMemory,
                origin(at),
            );
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
function expansion(inside: string, at: number, variables: Variables): string {
    if (inside.startsWith("=")) {
        try {
            return toText(evaluateOnce(inside.slice(1), variables)) ?? "";
        } catch (error) {
            throw error instanceof Fault ? new Fault(error.message, error.code, at) : error;
        }
    }
    if (inside.includes("(")) {
        throw new Fault(
            `Variables with parameters are not supported: $(${inside})`,
            ReloadErrorCode.unknownStatement,
            at,
        );
    }
    return toText(variableValue(variables, inside.trim())) ?? "";
}

function evaluateOnce(text: string, variables: Variables): FieldValue {
    const cursor = new Cursor(text);
    const expression = parseExpression(cursor);
    cursor.expectEnd();
    return compileExpression(expression, { name: (name) => () => variableValue(variables, name) })(NO_ROW);
}
