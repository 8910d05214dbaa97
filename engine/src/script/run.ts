import type { LoadStatement, Statement } from "./ast";
import { compileExpression, type Names, NO_ROW } from "./compile";
import { Pacer } from "../pacer";
import { DataSize } from "./dataSize";
import { asScriptError, type Located, wholeScript } from "./errors";
import { LoadStage, openSource } from "./load";
import { Meter } from "./meter";
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
            if (statement) {
                current = statement;
                current = await run.expand(statement);
                await run.execute(parseStatement(current.text), current);
                current = wholeScript(script);
            }
            await run.pauseIfDue();
        }
        return run.finish();
    } catch (error) {
        throw asScriptError(error, script, current);
    }
}

class ScriptRun {
    readonly #variables: Variables = new Map();
    readonly #size = new DataSize();
    readonly #tables = new Tables(this.#size);
    readonly #comments = new Map<string, string>();
    readonly #meter = new Meter();
    readonly #pacer: Pacer;
    readonly #variableNames: Names = { name: (name) => () => variableValue(this.#variables, name) };
    readonly #preceding: PrecedingLoads;

    constructor(
        private readonly script: string,
        private readonly options: RunOptions,
    ) {
        this.#pacer = new Pacer(options.signal);
        this.#preceding = new PrecedingLoads(script);
    }

    expand(statement: Located): Promise<Located> {
        return expandVariables(statement, this.#variables, this.#meter, this.#pacer);
    }

    async execute(statement: Statement, located: Located): Promise<void> {
        this.#meter.restart();
        if (statement.kind === "load") {
            const loads = this.#preceding.add({ statement, located });
            if (loads) {
                await this.#load(loads, statement);
            }
        } else {
            this.#preceding.expectNone();
            this.#executeAtOnce(statement);
        }
    }

    finish(): DataModel {
        this.#preceding.expectNone();
        const fields = this.#tables.fieldNames();
        const comments = [...this.#comments].filter(([field]) => fields.has(field));
        return {
            tables: this.#tables.all,
            fieldComments: Object.fromEntries(comments),
            variables: Object.fromEntries(this.#variables),
        };
    }

    #executeAtOnce(statement: Exclude<Statement, LoadStatement>): void {
        switch (statement.kind) {
            case "set":
                return setVariable(this.#variables, this.#size, statement.variable, statement.value);
            case "let": {
                const evaluate = compileExpression(statement.expression, this.#variableNames, this.#meter);
                return setVariable(this.#variables, this.#size, statement.variable, evaluate(NO_ROW));
            }
            case "commentField":
                this.#size.replace(this.#comments.get(statement.field) ?? null, statement.comment);
                this.#comments.set(statement.field, statement.comment);
        }
    }

    /** @param loads each takes its rows from the one after it, the last from its own source */
    async #load(loads: readonly LocatedLoad[], innermost: LoadStatement): Promise<void> {
        const { rows, origin } = openSource(innermost, this.#tables, this.#variableNames, this.#meter);
        const top = await this.#stages(loads, rows);
        const label = loads.find(({ statement }) => statement.label !== undefined)?.statement.label;
        const sink = this.#tables.sink(label ?? origin, top.fields);
        top.continueAfter(sink.rowsBefore);
        const added = await this.#pump(top, sink);
        this.options.progress(`${sink.table} << ${origin} ${added} Lines fetched`);
    }

    async #stages(loads: readonly LocatedLoad[], rows: RowSource): Promise<LoadStage> {
        let source = rows;
        for (const load of loads.toReversed()) {
            source = this.#stage(load, source);
            await this.pauseIfDue();
        }
        return source as LoadStage;
    }

    #stage({ statement, located }: LocatedLoad, source: RowSource): LoadStage {
        try {
            return new LoadStage(statement, source, this.#meter);
        } catch (error) {
            throw asScriptError(error, this.script, located);
        }
    }

    async #pump(source: RowSource, sink: RowSink): Promise<number> {
        const { fetchLimit = Infinity } = this.options;
        let added = 0;
        while (added < fetchLimit) {
            this.#meter.restart();
            const row = source.step();
            if (row === END) {
                break;
            }
            if (row !== NOTHING) {
                sink.add(row);
                added++;
            }
            if (this.#pacer.isDue()) {
                await this.#pacer.pause();
            }
        }
        return added;
    }

    async pauseIfDue(): Promise<void> {
        if (this.#pacer.isDue()) {
            await this.#pacer.pause();
        }
    }
}
