import type { Row } from "./rows";
import type { FieldValue } from "./values";

/** A table of the data model. Rows hold their values in the order of `fields`. */
export interface Table {
    readonly name: string;
    readonly fields: readonly string[];
    readonly rows: readonly (readonly FieldValue[])[];
}

/** Takes the rows of one LOAD. */
export interface RowSink {
    readonly table: string;
    /** How many rows the table had before. */
    readonly rowsBefore: number;
    add(row: Row): void;
}

/** The tables that a reload has made so far. */
export class Tables {
    readonly #tables: { name: string; fields: readonly string[]; rows: Row[] }[] = [];

    get all(): readonly Table[] {
        return this.#tables;
    }

    find(name: string): Table | undefined {
        return this.#tables.find((table) => table.name === name);
    }

    hasField(name: string): boolean {
        return this.#tables.some(({ fields }) => fields.includes(name));
    }

    /**
     * Where a LOAD's rows go: into the table with exactly its fields, if there is one (whatever its name), otherwise into
     * a new one. A name that is taken gets "-1", "-2" … at its end.
     */
    sink(name: string, fields: readonly string[]): RowSink {
        const same = this.#tables.find(
            (table) => table.fields.length === fields.length && fields.every((field) => table.fields.includes(field)),
        );
        if (!same) {
            const table = { name: this.#freeName(name), fields, rows: [] as Row[] };
            this.#tables.push(table);
            return { table: table.name, rowsBefore: 0, add: (row) => table.rows.push(row) };
        }
        const columns = same.fields.map((field) => fields.indexOf(field));
        return {
            table: same.name,
            rowsBefore: same.rows.length,
            add: (row) => same.rows.push(columns.map((column) => row[column] ?? null)),
        };
    }

    #freeName(name: string): string {
        let free = name;
        for (let number = 1; this.find(free); number++) {
            free = `${name}-${number}`;
        }
        return free;
    }
}
