import type { DataSize } from "./dataSize";
import { beyond, limits, shown } from "./limits";
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
    /** @throws Fault if the data are too large */
    add(row: Row): void;
}

interface GrowingTable extends Table {
    readonly rows: Row[];
}

/** The tables that a reload has made so far. */
export class Tables {
    readonly #tables = new Map<string, GrowingTable>();
    /** By their fields, in whatever order. */
    readonly #byFields = new Map<string, GrowingTable>();
    /** The last number at the end of a name that was taken. */
    readonly #numbers = new Map<string, number>();
    #fieldCount = 0;

    constructor(private readonly size: DataSize) {}

    get all(): readonly Table[] {
        return [...this.#tables.values()];
    }

    find(name: string): Table | undefined {
        return this.#tables.get(name);
    }

    /** The names of all fields. */
    fieldNames(): ReadonlySet<string> {
        return new Set(this.all.flatMap(({ fields }) => fields));
    }

    /**
     * Where a LOAD's rows go: into the table with exactly its fields, if there is one (whatever its name), otherwise into
     * a new one. A name that is taken gets "-1", "-2" … at its end.
     *
     * @throws Fault, as its `add` does, if the data are too large
     */
    sink(name: string, fields: readonly string[]): RowSink {
        const key = JSON.stringify(fields.toSorted());
        const same = this.#byFields.get(key);
        const table = same ?? this.#newTable(name, fields);
        this.#byFields.set(key, table);
        const columnOf = new Map(fields.map((field, column) => [field, column]));
        const columns = same?.fields.map((field) => columnOf.get(field) ?? 0);
        return {
            table: table.name,
            rowsBefore: table.rows.length,
            add: (row) => {
                this.size.addRow(row);
                table.rows.push(columns ? columns.map((column) => row[column] ?? null) : row);
            },
        };
    }

    #newTable(name: string, fields: readonly string[]): GrowingTable {
        this.#fieldCount += fields.length;
        if (this.#fieldCount > limits.allFields) {
            throw beyond(`The tables have more than ${shown(limits.allFields)} fields`);
        }
        const table = { name: this.#freeName(name), fields, rows: [] };
        this.size.addNames([table.name, ...fields]);
        this.#tables.set(table.name, table);
        return table;
    }

    #freeName(name: string): string {
        let free = name;
        for (let number = (this.#numbers.get(name) ?? 0) + 1; this.#tables.has(free); number++) {
            free = `${name}-${number}`;
            this.#numbers.set(name, number);
        }
        return free;
    }
}
