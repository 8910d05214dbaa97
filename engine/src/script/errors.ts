import { OutOfMemoryError } from "../memory";
import { positionAt } from "./position";

/** The QIX engine's own numbers for what can go wrong in a reload (LocalizedErrorCode in its published API schemas). */
export const ReloadErrorCode = {
    outOfMemory: 6,
    tableNotFound: 11001,
    unknownStatement: 11002,
    expectedSomething: 11003,
    expectedNothing: 11004,
    fieldNotFound: 11013,
    connectionNotFound: 11015,
    nameTaken: 11016,
    openFile: 11020,
    autogenerateCount: 11021,
    noDatabase: 11030,
} as const;

/** A script, or one statement of it, that cannot be read or run. */
export class ScriptError extends Error {
    override readonly name = "ScriptError";

    /**
     * @param code a QIX LocalizedErrorCode
     * @param line of the script, from 1
     * @param column from 1
     * @param position of the script's text, from 0
     * @param statement the statement's text, variables expanded, without comments
     */
    constructor(
        message: string,
        readonly code: number,
        readonly line: number,
        readonly column: number,
        readonly position: number,
        readonly statement: string,
    ) {
        super(message);
    }
}

/** What is wrong and where in the text of a statement, before anyone has worked out where in the script that is. */
export class Fault extends Error {
    constructor(
        message: string,
        readonly code: number,
        readonly at: number,
    ) {
        super(message);
    }
}

/** A text that came about by replacing parts of the script, and the way back. */
export interface Located {
    readonly text: string;
    /** The offset in the script of an offset in `text`. */
    origin(at: number): number;
}

export function wholeScript(script: string): Located {
    return { text: script, origin: (at) => at };
}

/** @returns what the error says of the script; errors that are no fault of the script's come back as they are */
export function asScriptError(error: unknown, script: string, statement: Located): unknown {
    if (error instanceof Fault) {
        const position = statement.origin(error.at);
        const { line, column } = positionAt(script, position);
        return new ScriptError(error.message, error.code, line, column, position, statement.text.trim());
    }
    if (error instanceof OutOfMemoryError) {
        return asScriptError(new Fault(error.message, ReloadErrorCode.outOfMemory, 0), script, statement);
    }
    // The stack or a string's length gave out: the statement nests or grows beyond what this process can hold.
    if (error instanceof RangeError) {
        const fault = new Fault(`The statement is too large (${error.message})`, ReloadErrorCode.outOfMemory, 0);
        return asScriptError(fault, script, statement);
    }
    return error;
}
