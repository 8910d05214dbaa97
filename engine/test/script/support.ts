import { expect } from "chai";
import { type DataModel, type FieldValue, runScript, ScriptError } from "../../src/script/index";

/** Runs a script that must succeed; `lines` are its lines of progress. */
export async function run(script: string, fetchLimit?: number): Promise<DataModel & { lines: string[] }> {
    const lines: string[] = [];
    const model = await runScript(script, { progress: (line) => lines.push(line), fetchLimit });
    return { ...model, lines };
}

/** The rows of the only table that a script makes. */
export async function rowsOf(script: string): Promise<readonly (readonly FieldValue[])[]> {
    const { tables } = await run(script);
    expect(tables).to.have.length(1);
    return tables[0]?.rows ?? [];
}

/** What an expression is in a LOAD of one row. */
export async function valueOf(expression: string): Promise<FieldValue | undefined> {
    const [row] = await rowsOf(`LOAD ${expression} AS Value AUTOGENERATE 1`);
    return row?.[0];
}

/** The error of a script that must fail. */
export async function errorOf(script: string): Promise<ScriptError> {
    try {
        await run(script);
    } catch (error) {
        expect(error).to.be.instanceOf(ScriptError);
        return error as ScriptError;
    }
    throw new Error(`Expected a ScriptError for ${script}`);
}
