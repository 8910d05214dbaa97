import { beyond, limits, shown } from "./limits";
import { END, NOTHING, type RowSource } from "./rows";
import { toNumber, type FieldValue } from "./values";

const LINE = /[^\r\n]*(?:\r\n|\n|\r|$)/y;

/**
 * The rows of an INLINE load: a header line and a line a row, separated by commas. Blank lines don't count; values that
 * a line lacks are null, those that it has too many are left out.
 *
 * @throws Fault if the header has too many fields
 */
export function inlineRows(data: string): RowSource {
    let at = 0;
    const nextLine = (): string => {
        LINE.lastIndex = at;
        const line = LINE.exec(data)?.[0] ?? "";
        at += line.length;
        return line.trim();
    };
    let header = nextLine();
    while (header === "" && at < data.length) {
        header = nextLine();
    }
    const fields = header === "" ? [] : cells(header, limits.fields + 1);
    if (fields.length > limits.fields) {
        throw beyond(`An INLINE table has more than ${shown(limits.fields)} fields`);
    }
    return {
        fields,
        step: () => {
            if (at >= data.length) {
                return END;
            }
            const line = nextLine();
            if (line === "") {
                return NOTHING;
            }
            const row = cells(line, fields.length);
            return fields.map((_, column) => cellValue(row[column]));
        },
    };
}

/** @param most how many cells are looked at */
function cells(line: string, most: number): string[] {
    const quotedOrBare = /\s*(?:"([^"]*(?:""[^"]*)*)"|'([^']*(?:''[^']*)*)'|([^,]*))\s*(,|$)/y;
    const found: string[] = [];
    for (;;) {
        const match = quotedOrBare.exec(line);
        found.push(match?.[1]?.replaceAll('""', '"') ?? match?.[2]?.replaceAll("''", "'") ?? (match?.[3] ?? "").trim());
        if (match?.[4] !== "," || found.length >= most) {
            return found;
        }
    }
}

/** A number only if it would be written the same way: 007 and 1.50 stay texts, since a value has one form here. */
function cellValue(cell: string | undefined): FieldValue {
    if (cell === undefined) {
        return null;
    }
    const number = toNumber(cell);
    return number !== null && String(number) === cell ? number : cell;
}
