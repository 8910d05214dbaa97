import type { Statement } from "./ast";
import { Cursor } from "./cursor";
import { Fault, ReloadErrorCode } from "./errors";
import { checkName } from "./limits";
import { parseExpression } from "./parseExpression";
import { parseLoad } from "./parseLoad";

/** SET takes all that follows as it stands, so it is read before there are tokens. */
const SET = /^set\s+(?:\[([^\]]+)\]|"([^"]+)"|([^\s=]+))\s*=([\s\S]*)$/i;

/**
 * Reads one statement, in which variables are expanded already.
 * @throws Fault with an offset in `text`
 */
export function parseStatement(text: string): Statement {
    const set = SET.exec(text);
    if (set) {
        const variable = set[1] ?? set[2] ?? set[3] ?? "";
        checkName(variable);
        return { kind: "set", variable, value: setValue(set[4] ?? "") };
    }
    const cursor = new Cursor(text);
    const statement = parseTokens(cursor);
    cursor.expectEnd();
    return statement;
}

function parseTokens(cursor: Cursor): Statement {
    const label = takeLabel(cursor);
    if (cursor.isKeyword("load")) {
        return parseLoad(cursor, label);
    }
    if (label === undefined) {
        if (cursor.isKeyword("set")) {
            cursor.take();
            cursor.expectName("a variable");
            cursor.fail("'='");
        }
        if (cursor.takeKeyword("let") || (cursor.peek(1).kind === "symbol" && cursor.peek(1).value === "=")) {
            const variable = cursor.expectName("a variable").value;
            cursor.expectSymbol("=");
            return { kind: "let", variable, expression: parseExpression(cursor) };
        }
        if (cursor.isKeyword("comment") && cursor.peek(1).value.toLowerCase() === "field") {
            return parseCommentField(cursor);
        }
    }
    return unknownStatement(cursor);
}

function takeLabel(cursor: Cursor): string | undefined {
    const isName = cursor.peek().kind === "word" || cursor.peek().kind === "name";
    if (!isName || cursor.peek(1).kind !== "symbol" || cursor.peek(1).value !== ":") {
        return undefined;
    }
    const label = cursor.expectName("a label").value;
    cursor.take();
    return label;
}

function parseCommentField(cursor: Cursor): Statement {
    cursor.take();
    cursor.take();
    const field = cursor.expectName("a field").value;
    cursor.expectKeyword("with");
    const comment = cursor.peek();
    if (comment.kind !== "text" && comment.kind !== "name") {
        cursor.fail("a comment in quotes");
    }
    return { kind: "commentField", field, comment: cursor.take().value };
}

/** Quotes around the whole value are not part of it. */
function setValue(raw: string): string {
    const value = raw.trim();
    return /^'[^']*'$|^"[^"]*"$/.test(value) ? value.slice(1, -1) : value;
}

/** What a data source would need that the stand-in does not have, in the code that the engine has for it. */
function unknownStatement(cursor: Cursor): never {
    const token = cursor.peek();
    const shown = cursor.shown(token);
    const first = token.value.toLowerCase();
    if (first === "lib" && cursor.peek(1).value.toLowerCase() === "connect") {
        const connection = cursor.peek(3);
        throw new Fault(
            `The connection ${cursor.shown(connection)} was not found`,
            ReloadErrorCode.connectionNotFound,
            connection.at,
        );
    }
    if (first === "sql" || first === "select") {
        throw new Fault("There is no open database connection", ReloadErrorCode.noDatabase, token.at);
    }
    throw new Fault(`Unknown statement: ${shown}`, ReloadErrorCode.unknownStatement, token.at);
}
