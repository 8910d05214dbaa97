import { RE2JS, RE2JSException } from "re2js";
import type { Wildcard } from "../wildcard";
import { limits, shown } from "./limits";

/** A pattern of `matches` that can't be used; the message says why, without a stop. */
export class PatternError extends Error {}

/**
 * A pattern of `matches`: it has the text whole, and letters in any case.
 *
 * By RE2, whose time is linear in the text: titles are what any user likes. So there are no look-arounds and no back references.
 *
 * @throws PatternError
 */
export function compileRegularExpression(pattern: string): Wildcard {
    const expression = compile(pattern);
    if (expression.programSize() > limits.program) {
        throw new PatternError(`it has more than ${shown(limits.program)} instructions`);
    }
    return (text) => expression.testExact(text);
}

function compile(pattern: string): RE2JS {
    try {
        return RE2JS.compile(RE2JS.translateRegExp(pattern), RE2JS.CASE_INSENSITIVE);
    } catch (error) {
        if (error instanceof RE2JSException) {
            throw new PatternError(error.message.replace(/^error parsing regexp: /, ""), { cause: error });
        }
        throw error;
    }
}
