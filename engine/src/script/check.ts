import { asScriptError, type Located, ScriptError, wholeScript } from "./errors";
import { parseStatement } from "./parseStatement";
import { PrecedingLoads } from "./preceding";
import { splitStatements } from "./split";
import { hasExpansion } from "./variables";

/** Enough to mend a script by; each takes a look at the whole of it. */
const mostErrors = 100;

/**
 * What is wrong with a script as far as it shows without running it, the first hundred errors. Statements with `$(…)` are left out: what they
 * say depends on the variables.
 */
export function checkSyntax(script: string): ScriptError[] {
    const errors: ScriptError[] = [];
    const collect = (located: Located, check: () => void): void => {
        try {
            check();
        } catch (error) {
            const scriptError = asScriptError(error, script, located);
            if (!(scriptError instanceof ScriptError)) {
                throw scriptError;
            }
            errors.push(scriptError);
        }
    };
    let preceding = new PrecedingLoads(script);
    collect(wholeScript(script), () => {
        for (const located of splitStatements(script)) {
            if (errors.length >= mostErrors) {
                return;
            }
            if (hasExpansion(located.text)) {
                // It may be the source that a LOAD waits for.
                preceding = new PrecedingLoads(script);
                continue;
            }
            collect(located, () => {
                const statement = parseStatement(located.text);
                if (statement.kind === "load") {
                    preceding.add({ statement, located });
                } else {
                    preceding.expectNone();
                }
            });
        }
        preceding.expectNone();
    });
    return errors;
}
