import { fromRows, type RowSource } from "./rows";
import { toNumber, type FieldValue } from "./values";

/**
 * The rows of an INLINE load: a header line and a line a row, separated by commas. Blank lines don't count; values that
 * a line lacks are null, those that it has too many are left out.
 */
export function inlineRows(data: string): RowSource {
    const [header = [], ...rows] = data
        .split(/\r\n|\n|\r/)
        .filter((line) => line.trim() !== "")
        .map(cells);
    return fromRows(
        header,
        rows.map((row) => header.map((_, column) => cellValue(row[column]))),
    );
}

function cells(line: string): string[] {
    const quotedOrBare = /\s*(?:"((?:[^"]|"")*)"|'((?:[^']|'')*)'|([^,]*))\s*(,|$)/y;
    const found: string[] = [];
    for (;;) {
        const match = quotedOrBare.exec(line);
        if (!match) {
            // Something follows a closing quote: the rest of the line is one value as it stands.
            found.push(line.slice(quotedOrBare.lastIndex).trim());
            return found;
        }
        found.push(match[1]?.replaceAll('""', '"') ?? match[2]?.replaceAll("''", "'") ?? (match[3] ?? "").trim());
        if (match[4] === "") {
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
