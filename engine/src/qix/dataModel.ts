import type { DataModel, FieldValue, Table } from "../script/index";

/** QIX's TableRecord of every table. */
export function tableRecords(data: DataModel): object[] {
    const distinct = distinctValues(data);
    return data.tables.map((table) => ({
        qName: table.name,
        qLoose: false,
        qNoOfRows: table.rows.length,
        qFields: table.fields.map((field, column) => fieldRecord(data, table, field, column, distinct)),
        qPos: { qx: 0, qy: 0 },
        qComment: "",
    }));
}

/** QIX's SourceKeyRecord of every field that ties tables together. */
export function keyRecords(data: DataModel): object[] {
    const fields = [...new Set(data.tables.flatMap((table) => table.fields))];
    return fields
        .map((field) => ({ qKeyFields: [field], qTables: tablesWith(data, field).map((table) => table.name) }))
        .filter((key) => key.qTables.length > 1);
}

function fieldRecord(
    data: DataModel,
    table: Table,
    field: string,
    column: number,
    distinct: ReadonlyMap<string, ReadonlySet<FieldValue>>,
): object {
    const values = table.rows.map((row) => row[column] ?? null).filter((value) => value !== null);
    const present = new Set(values);
    const total = distinct.get(field)?.size ?? 0;
    const rows = table.rows.length;
    const isKey = tablesWith(data, field).length > 1;
    return {
        qName: field,
        qOriginalFields: [],
        qPresent: true,
        qHasNull: values.length < rows,
        qnTotalDistinctValues: total,
        qnPresentDistinctValues: present.size,
        qKeyType: isKey ? keyType(rows, present.size, total) : "NOT_KEY",
        qInformationDensity: rows ? values.length / rows : 0,
        qSubsetRatio: total ? present.size / total : 0,
        qnNonNulls: values.length,
        qnRows: rows,
        qComment: Object.hasOwn(data.fieldComments, field) ? data.fieldComments[field] : "",
        qTags: [...(isKey ? ["$key"] : []), ...typeTags(present)],
    };
}

function keyType(rows: number, present: number, total: number): string {
    if (present < rows) {
        return "ANY_KEY";
    }
    return present === total ? "PERFECT_KEY" : "PRIMARY_KEY";
}

function typeTags(values: ReadonlySet<FieldValue>): string[] {
    const all = [...values];
    if (all.length > 0 && all.every((value) => typeof value === "number")) {
        return all.every(Number.isInteger) ? ["$numeric", "$integer"] : ["$numeric"];
    }
    const texts = all.filter((value) => typeof value === "string");
    if (texts.length === 0 || texts.length < all.length) {
        return [];
    }
    return texts.every((text) => /^[\0-\x7f]*$/.test(text)) ? ["$ascii", "$text"] : ["$text"];
}

function distinctValues(data: DataModel): Map<string, Set<FieldValue>> {
    const distinct = new Map<string, Set<FieldValue>>();
    for (const table of data.tables) {
        for (const [column, field] of table.fields.entries()) {
            const values = distinct.get(field) ?? new Set();
            distinct.set(field, values);
            table.rows.forEach((row) => values.add(row[column] ?? null));
        }
    }
    distinct.forEach((values) => values.delete(null));
    return distinct;
}

function tablesWith(data: DataModel, field: string): Table[] {
    return data.tables.filter((table) => table.fields.includes(field));
}
