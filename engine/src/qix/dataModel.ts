import { createHash } from "node:crypto";
import { Pacer } from "../pacer";
import type { DataModel, FieldValue, Table } from "../script/index";

const longText = 1_000;

/** A field in one of the tables that have it. */
interface Place {
    readonly table: Table;
    readonly column: number;
}

interface Counts {
    /** Distinct values in this table. */
    readonly present: number;
    readonly nonNulls: number;
    readonly tags: readonly string[];
}

/** QIX's TableRecord of every table. Other work of the process goes on while values are counted. @throws OutOfMemoryError */
export async function tableRecords(data: DataModel): Promise<object[]> {
    const pacer = new Pacer();
    const fieldsOf = new Map<Table, object[]>(data.tables.map((table) => [table, []]));
    // Field by field, so that there is one field's set of values at a time.
    for (const [field, places] of placesOf(data)) {
        const distinct = new Set<FieldValue>();
        const counts: Counts[] = [];
        for (const place of places) {
            counts.push(await countValues(place, distinct, pacer));
        }
        const comment = Object.hasOwn(data.fieldComments, field) ? data.fieldComments[field] : "";
        places.forEach(({ table, column }, index) => {
            const record = fieldRecord(table.rows.length, counts[index] as Counts, distinct.size, places.length > 1);
            (fieldsOf.get(table) as object[])[column] = { qName: field, ...record, qComment: comment };
        });
    }
    return data.tables.map((table) => ({
        qName: table.name,
        qLoose: false,
        qNoOfRows: table.rows.length,
        qFields: fieldsOf.get(table),
        qPos: { qx: 0, qy: 0 },
        qComment: "",
    }));
}

/** QIX's SourceKeyRecord of every field that ties tables together. */
export function keyRecords(data: DataModel): object[] {
    return [...placesOf(data)]
        .map(([field, places]) => ({ qKeyFields: [field], qTables: places.map(({ table }) => table.name) }))
        .filter((key) => key.qTables.length > 1);
}

function placesOf(data: DataModel): ReadonlyMap<string, readonly Place[]> {
    const places = new Map<string, Place[]>();
    for (const table of data.tables) {
        for (const [column, field] of table.fields.entries()) {
            const known = places.get(field) ?? [];
            known.push({ table, column });
            places.set(field, known);
        }
    }
    return places;
}

function fieldRecord(rows: number, { present, nonNulls, tags }: Counts, total: number, isKey: boolean): object {
    return {
        qOriginalFields: [],
        qPresent: true,
        qHasNull: nonNulls < rows,
        qnTotalDistinctValues: total,
        qnPresentDistinctValues: present,
        qKeyType: isKey ? keyType(rows, present, total) : "NOT_KEY",
        qInformationDensity: rows ? nonNulls / rows : 0,
        qSubsetRatio: total ? present / total : 0,
        qnNonNulls: nonNulls,
        qnRows: rows,
        qTags: [...(isKey ? ["$key"] : []), ...tags],
    };
}

function keyType(rows: number, present: number, total: number): string {
    if (present < rows) {
        return "ANY_KEY";
    }
    return present === total ? "PERFECT_KEY" : "PRIMARY_KEY";
}

/** @param distinct takes the values of this table too */
async function countValues({ table, column }: Place, distinct: Set<FieldValue>, pacer: Pacer): Promise<Counts> {
    const present = new Set<FieldValue>();
    const tags = new TypeTags();
    let nonNulls = 0;
    for (const row of table.rows) {
        const value = row[column] ?? null;
        if (value !== null) {
            nonNulls++;
            const key = keyOf(value);
            if (!present.has(key)) {
                present.add(key);
                distinct.add(key);
                tags.see(value);
            }
        }
        if (pacer.isDue()) {
            await pacer.pause();
        }
    }
    return { present: present.size, nonNulls, tags: tags.all };
}

/** What stands for a value in a set: V8 tells texts of more than 16,383 characters by their length, so that many of one length are slow to find. */
function keyOf(value: number | string): number | string {
    return typeof value === "string" && value.length > longText
        ? `${longText} ${createHash("sha256").update(value).digest("base64")}`
        : value;
}

/** What a field's values have in common. */
class TypeTags {
    #numbers = 0;
    #texts = 0;
    #areIntegers = true;
    #areAscii = true;

    see(value: number | string): void {
        if (typeof value === "number") {
            this.#numbers++;
            this.#areIntegers &&= Number.isInteger(value);
        } else {
            this.#texts++;
            this.#areAscii &&= /^[\0-\x7f]*$/.test(value);
        }
    }

    get all(): string[] {
        if (this.#numbers > 0 && this.#texts === 0) {
            return this.#areIntegers ? ["$numeric", "$integer"] : ["$numeric"];
        }
        if (this.#texts === 0 || this.#numbers > 0) {
            return [];
        }
        return this.#areAscii ? ["$ascii", "$text"] : ["$text"];
    }
}
