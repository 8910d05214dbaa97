import type { Expression, LoadItem, LoadSource, LoadStatement } from "./ast";
import type { Cursor } from "./cursor";
import { Fault, ReloadErrorCode } from "./errors";
import { checkName } from "./limits";
import { parseExpression } from "./parseExpression";

export function parseLoad(cursor: Cursor, label: string | undefined): LoadStatement {
    const { at } = cursor.expectKeyword("load");
    const items = [parseItem(cursor)];
    while (cursor.takeSymbol(",")) {
        items.push(parseItem(cursor));
    }
    const source = parseSource(cursor);
    let where: Expression | undefined;
    let whileCondition: Expression | undefined;
    for (;;) {
        if (where === undefined && cursor.takeKeyword("where")) {
            where = parseExpression(cursor);
        } else if (whileCondition === undefined && cursor.takeKeyword("while")) {
            whileCondition = parseExpression(cursor);
        } else {
            return { kind: "load", label, items, source, where, while: whileCondition, at };
        }
    }
}

function parseItem(cursor: Cursor): LoadItem {
    if (cursor.takeSymbol("*")) {
        return { kind: "all" };
    }
    const first = cursor.peek();
    const expression = parseExpression(cursor);
    if (cursor.takeKeyword("as")) {
        const token = cursor.peek();
        const name = token.kind === "text" ? cursor.take() : cursor.expectName("a field name");
        checkName(name.value, name.at);
        return { kind: "field", expression, name: name.value, at: name.at };
    }
    // Without a name of its own a calculated field is called by its formula.
    const name =
        expression.kind === "name" ? expression.name : cursor.statement.slice(first.at, cursor.peek().at).trim();
    checkName(name, first.at);
    return { kind: "field", expression, name, at: first.at };
}

function parseSource(cursor: Cursor): LoadSource {
    const token = cursor.peek();
    if (cursor.takeKeyword("autogenerate")) {
        return { kind: "autogenerate", count: parseExpression(cursor), at: token.at };
    }
    if (cursor.takeKeyword("resident")) {
        const table = cursor.expectName("a table");
        return { kind: "resident", table: table.value, at: table.at };
    }
    if (cursor.takeKeyword("inline")) {
        const data = cursor.peek();
        if (data.kind !== "name" && data.kind !== "text") {
            cursor.fail("data in brackets or quotes");
        }
        return { kind: "inline", data: cursor.take().value };
    }
    if (cursor.takeKeyword("from")) {
        const file = cursor.peek();
        throw new Fault(`Cannot open file: ${cursor.shown(file)}`, ReloadErrorCode.openFile, file.at);
    }
    return { kind: "preceding" };
}
