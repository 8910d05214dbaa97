import { OutOfMemoryError } from "../memory";
import { Pacer } from "../pacer";
import { asScriptError, type Located, ScriptError, wholeScript } from "./errors";
import { parseStatement } from "./parseStatement";
import { PrecedingLoads } from "./preceding";
import { splitStatements } from "./split";
import { hasExpansion } from "./variables";

/** Enough to mend a script by; each takes a look at the whole of it. */
const mostErrors = 100;

/**
 * What is wrong with a script as far as it shows without running it, the first hundred errors. Statements with `$(…)` are left out: what they
 * say depends on the variables. Other work of the process goes on meanwhile.
 *
 * @throws OutOfMemoryError
 */
export async function checkSyntax(script: string): Promise<ScriptError[]> {
    const pacer = new Pacer();
    const errors: ScriptError[] = [];
    const collect = (error: unknown, located: Located): void => {
        const scriptError = asScriptError(error, script, located);
        if (!(scriptError instanceof ScriptError) || error instanceof OutOfMemoryError) {
            throw error;
        }
        errors.push(scriptError);
    };
    let preceding = new PrecedingLoads(script);
    try {
        for (const located of splitStatements(script)) {
            try {
                if (located && hasExpansion(located.text)) {
                    // It may be the source that a LOAD waits for.
                    preceding = new PrecedingLoads(script);
                } else if (located) {
                    checkStatement(located, preceding);
                }
            } catch (error) {
                collect(error, located ?? wholeScript(script));
            }
            if (errors.length >= mostErrors) {
                return errors;
            }
            if (pacer.isDue()) {
                await pacer.pause();
            }
        }
        preceding.expectNone();
    } catch (error) {
        collect(error, wholeScript(script));
    }
    return errors;
}

function checkStatement(located: Located, preceding: PrecedingLoads): void {
    const statement = parseStatement(located.text);
    if (statement.kind === "load") {
        preceding.add({ statement, located });
    } else {
        preceding.expectNone();
    }
}
