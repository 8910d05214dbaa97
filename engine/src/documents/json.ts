import type { DocumentContent } from "./format";

/** Characters of a piece, more or less. */
const pieceLength = 64 * 1024;

/**
 * JSON of a document's body in pieces, as large documents take long to write in one go.
 *
 * @param first what stands before the content
 */
export function* jsonPieces(first: object, content: DocumentContent): Generator<string> {
    let piece = "";
    for (const part of parts(first, content)) {
        piece += part;
        if (piece.length >= pieceLength) {
            yield piece;
            piece = "";
        }
    }
    yield piece;
}

function* parts(first: object, content: DocumentContent): Generator<string> {
    const { data, ...rest } = content;
    const { tables, variables, ...restOfData } = data;
    yield `${opened(first)}"content":${opened(rest)}"data":${opened(restOfData)}"variables":{`;
    let comma = "";
    for (const [name, value] of Object.entries(variables)) {
        yield `${comma}${JSON.stringify(name)}:${JSON.stringify(value)}`;
        comma = ",";
    }
    yield '},"tables":[';
    comma = "";
    for (const { rows, ...table } of tables) {
        yield `${comma}${opened(table)}"rows":[`;
        comma = "";
        for (const row of rows) {
            yield comma + JSON.stringify(row);
            comma = ",";
        }
        yield "]}";
        comma = ",";
    }
    yield "]}}}";
}

/** An object that has members, ready for one more. */
function opened(object: object): string {
    return `${JSON.stringify(object).slice(0, -1)},`;
}
