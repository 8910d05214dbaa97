import type { LoadStatement, Statement } from "./ast";
import { compileExpression, type Names, NO_ROW } from "./compile";
import { asScriptError, type Located, wholeScript } from "./errors";
import { LoadStage, openSource } from "./load";
import { Pacer } from "./pacer";
import { parseStatement } from "./parseStatement";
import { type LocatedLoad, PrecedingLoads } from "./preceding";
import { END, NOTHING, type RowSource } from "./rows";
import { splitStatements } from "./split";
import { type RowSink, type Table, Tables } from "./tables";
import { expandVariables, setVariable, type Variables, variableValue } from "./variables";

export interface DataModel {
    readonly tables: readonly Table[];
    readonly fieldComments: Readonly<Record<string, string>>;
    readonly variables: Readonly<Record<string, number | string>>;
}

export interface RunOptions {
    readonly signal?: AbortSignal;
    /** Takes a line of progress, without its end. */
    readonly progress: (line: string) => void;
    /** The most rows that one LOAD may add. */
    readonly fetchLimit?: number;
}

/** Steps between two looks at the clock. */
const STEPS_PER_CHECK = 128;

/**
 * Runs a load script from beginning to end. Other work of the process goes on meanwhile.
 * @throws ScriptError at the first statement that cannot be read or run; the signal's reason if it is aborted
 */
export async function runScript(script: string, options: RunOptions): Promise<DataModel> {
    options.signal?.throwIfAborted();
    const run = new ScriptRun(script, options);
    let current = wholeScript(script);
    try {
        for (const statement of splitStatements(script)) {
            current = statement;
            current = expandVariables(statement, run.variables);
            await run.execute(parseStatement(current.text), current);
            current = wholeScript(script);
        }
        return run.finish();
    } catch (error) {
        throw asScriptError(error, script, current);
    }
}

class ScriptRun {
    readonly variables: Variables = new Map();
    readonly #tables = new Tables();
    readonly #comments = new Map<string, string>();
    readonly #pacer: Pacer;
    readonly #variableNames: Names = { name: (name) => () => variableValue(this.variables, name) };
    readonly #preceding: PrecedingLoads;

    constructor(
        private readonly script: string,
        private readonly options: RunOptions,
    ) {
        this.#pacer = new Pacer(options.signal);
        this.#preceding = new PrecedingLoads(script);
    }

    async execute(statement: Statement, located: Located): Promise<void> {
        if (statement.kind === "load") {
            const loads = this.#preceding.add({ statement, located });
            if (loads) {
                await this.#load(loads, statement);
            }
        } else {
            this.#preceding.expectNone();
            this.#executeAtOnce(statement);
        }
        if (this.#pacer.isDue()) {
            await this.#pacer.pause();
        }
    }

    finish(): DataModel {
        this.#preceding.expectNone();
        const comments = [...this.#comments].filter(([field]) => this.#tables.hasField(field));
        return {
            tables: this.#tables.all,
            fieldComments: Object.fromEntries(comments),
            variables: Object.fromEntries(this.variables),
        };
    }

    #executeAtOnce(statement: Exclude<Statement, LoadStatement>): void {
        switch (statement.kind) {
            case "set":
                return setVariable(this.variables, statement.variable, statement.value);
            case "let": {
                const evaluate = compileExpression(statement.expression, this.#variableNames);
                return setVariable(this.variables, statement.variable, evaluate(NO_ROW));
            }
            case "commentField":
                this.#comments.set(statement.field, statement.comment);
        }
    }

    /** @param loads each takes its rows from the one after it, the last from its own source */
    async #load(loads: readonly LocatedLoad[], innermost: LoadStatement): Promise<void> {
        const { rows, origin } = openSource(innermost, this.#tables, this.#variableNames);
        const top = loads.reduceRight<RowSource>((source, load) => this.#stage(load, source), rows) as LoadStage;
        const label = loads.find(({ statement }) => statement.label !== undefined)?.statement.label;
        const sink = this.#tables.sink(label ?? origin, top.fields);
        top.continueAfter(sink.rowsBefore);
        const added = await this.#pump(top, sink);
        this.options.progress(`${sink.table} << ${origin} ${added} Lines fetched`);
    }

    #stage({ statement, located }: LocatedLoad, source: RowSource): LoadStage {
        try {
            return new LoadStage(statement, source);
        } catch (error) {
            throw asScriptError(error, this.script, located);
        }
    }

    async #pump(source: RowSource, sink: RowSink): Promise<number> {
        const { fetchLimit = Infinity } = this.options;
        let added = 0;
        for (let steps = 1; added < fetchLimit; steps++) {
            const row = source.step();
            if (row === END) {
                break;
            }
            if (row !== NOTHING) {
                sink.add(row);
                added++;
            }
            if (steps % STEPS_PER_CHECK === 0 && this.#pacer.isDue()) {
                await this.#pacer.pause();
            }
        }
        return added;
    }
}
