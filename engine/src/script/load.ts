import type { LoadStatement } from "./ast";
import { compileExpression, type Evaluate, type Names, NO_ROW, type RowContext } from "./compile";
import { Fault, ReloadErrorCode } from "./errors";
import { inlineRows } from "./inline";
import { beyond, limits, shown } from "./limits";
import type { Meter } from "./meter";
import { emptyRows, END, fromRows, NOTHING, type Row, type RowSource } from "./rows";
import type { Tables } from "./tables";
import { isTrue, toNumber } from "./values";

/** A LOAD that takes its rows from the tables, the script or nowhere, with what progress lines call its origin. */
export function openSource(
    { source }: LoadStatement,
    tables: Tables,
    variables: Names,
    meter: Meter,
): { readonly rows: RowSource; readonly origin: string } {
    switch (source.kind) {
        case "autogenerate": {
            const count = toNumber(compileExpression(source.count, variables, meter)(NO_ROW));
            if (count === null || count < 0) {
                throw new Fault("AUTOGENERATE needs a number of rows", ReloadErrorCode.autogenerateCount, source.at);
            }
            return { rows: emptyRows(Math.floor(count)), origin: `AUTOGENERATE(${Math.floor(count)})` };
        }
        case "inline":
            return { rows: inlineRows(source.data), origin: "INLINE" };
        case "resident": {
            const table = tables.find(source.table);
            if (!table) {
                throw new Fault(`Table '${source.table}' not found`, ReloadErrorCode.tableNotFound, source.at);
            }
            // A copy of the list: the load may add to the very table that it reads.
            return { rows: fromRows(table.fields, [...table.rows]), origin: table.name };
        }
        case "preceding":
            throw new Error("A LOAD without a source of its own has none to open");
    }
}

/** The rows that a LOAD makes of those of its source. */
export class LoadStage implements RowSource {
    readonly fields: readonly string[];
    readonly #values: readonly Evaluate[];
    readonly #where: Evaluate | undefined;
    readonly #while: Evaluate | undefined;
    readonly #context: RowContext = { row: [], recNo: 0, rowNo: 1, iterNo: 0 };
    #repeating = false;

    constructor(
        load: LoadStatement,
        private readonly source: RowSource,
        private readonly meter: Meter,
    ) {
        const names = fieldNames(source.fields);
        const columns: { name: string; at: number; evaluate: Evaluate }[] = [];
        for (const item of load.items) {
            if (item.kind === "field") {
                columns.push({
                    name: item.name,
                    at: item.at,
                    evaluate: compileExpression(item.expression, names, meter),
                });
            } else {
                for (const name of source.fields) {
                    columns.push({ name, at: load.at, evaluate: names.name(name, load.at) });
                }
            }
            if (columns.length > limits.fields) {
                throw beyond(`A table would have more than ${shown(limits.fields)} fields`, load.at);
            }
        }
        this.fields = columns.map(({ name }) => name);
        this.#values = columns.map(({ evaluate }) => evaluate);
        this.#where = load.where && compileExpression(load.where, names, meter);
        this.#while = load.while && compileExpression(load.while, names, meter);
        const [first] = columns;
        if (!first) {
            throw new Fault("The source has no fields to load", ReloadErrorCode.fieldNotFound, load.at);
        }
        const seen = new Set<string>();
        const again = columns.find(({ name }) => seen.size === seen.add(name).size);
        if (again) {
            throw new Fault(
                `Field names must be unique within the table: '${again.name}'`,
                ReloadErrorCode.nameTaken,
                again.at,
            );
        }
    }

    /** Makes RowNo() go on from the rows that the table has already. */
    continueAfter(rows: number): void {
        this.#context.rowNo = rows + 1;
    }

    step(): Row | typeof NOTHING | typeof END {
        const context = this.#context;
        this.meter.spend(this.#values.length);
        if (!this.#repeating) {
            const row = this.source.step();
            if (row === END || row === NOTHING) {
                return row;
            }
            context.row = row;
            context.recNo++;
            context.iterNo = 0;
        }
        context.iterNo++;
        if (this.#while) {
            this.#repeating = isTrue(this.#while(context));
            if (!this.#repeating) {
                return NOTHING;
            }
        }
        if (this.#where && !isTrue(this.#where(context))) {
            return NOTHING;
        }
        const made = this.#values.map((evaluate) => evaluate(context));
        context.rowNo++;
        return made;
    }
}

/** Field names count with their case. */
function fieldNames(fields: readonly string[]): Names {
    const columnOf = new Map(fields.map((field, column) => [field, column]));
    return {
        name: (name, at) => {
            const column = columnOf.get(name);
            if (column === undefined) {
                throw new Fault(`Field '${name}' not found`, ReloadErrorCode.fieldNotFound, at);
            }
            return ({ row }) => row[column] ?? null;
        },
    };
}
