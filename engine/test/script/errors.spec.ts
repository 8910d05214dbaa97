import { expect } from "chai";
import { checkSyntax, runScript } from "../../src/script/index";
import { errorOf, run } from "./support";

interface Wrong {
    readonly script: string;
    readonly code: number;
    readonly at: [line: number, column: number];
    readonly message: string;
    /** Shows only when the script runs. */
    readonly atRun?: true;
}

const wrong: Record<string, Wrong> = {
    "an unknown statement": {
        script: "SET a = 1;\n  FOO bar;",
        code: 11002,
        at: [2, 3],
        message: "Unknown statement: FOO",
    },
    "an unknown statement after a label": {
        script: "T: SELEKT a;",
        code: 11002,
        at: [1, 4],
        message: "Unknown statement: SELEKT",
    },
    "a statement that the stand-in does not have": {
        script: "DROP TABLE T;",
        code: 11002,
        at: [1, 1],
        message: "Unknown statement: DROP",
    },
    "a field that the source lacks": {
        script: "LOAD 1 AS A AUTOGENERATE 1;\nLOAD\n  a\nRESIDENT [AUTOGENERATE(1)];",
        code: 11013,
        at: [3, 3],
        message: "Field 'a' not found",
        atRun: true,
    },
    "a field that a preceding LOAD lacks": {
        script: "LOAD A,\n B;\nLOAD 1 AS A AUTOGENERATE 1;",
        code: 11013,
        at: [2, 2],
        message: "Field 'B' not found",
        atRun: true,
    },
    "a field where there are none": {
        script: "LOAD A AUTOGENERATE 1",
        code: 11013,
        at: [1, 6],
        message: "Field 'A' not found",
        atRun: true,
    },
    "all fields where there are none": {
        script: "LOAD * AUTOGENERATE 1",
        code: 11013,
        at: [1, 1],
        message: "The source has no fields to load",
        atRun: true,
    },
    "a field in WHERE that only the LOAD itself makes": {
        script: "LOAD 1 AS A AUTOGENERATE 1 WHERE A = 1",
        code: 11013,
        at: [1, 34],
        message: "Field 'A' not found",
        atRun: true,
    },
    "a table that is not there": {
        script: "LOAD A RESIDENT T",
        code: 11001,
        at: [1, 17],
        message: "Table 'T' not found",
        atRun: true,
    },
    "two fields of one name": {
        script: "LOAD 1 AS A, 2 AS A AUTOGENERATE 1",
        code: 11016,
        at: [1, 19],
        message: "Field names must be unique within the table: 'A'",
        atRun: true,
    },
    "a wrong number of rows": {
        script: "LOAD 1 AS A AUTOGENERATE 'x'",
        code: 11021,
        at: [1, 13],
        message: "AUTOGENERATE needs a number of rows",
        atRun: true,
    },
    "a negative number of rows": {
        script: "LOAD 1 AS A AUTOGENERATE -1",
        code: 11021,
        at: [1, 13],
        message: "AUTOGENERATE needs a number of rows",
        atRun: true,
    },
    "an unknown function": {
        script: "LOAD Chr(Foo(1)) AS A AUTOGENERATE 1",
        code: 11003,
        at: [1, 10],
        message: "'Foo' is not a valid function",
    },
    "a function by the name of an object's property": {
        script: "LET a = constructor(1)",
        code: 11003,
        at: [1, 9],
        message: "'constructor' is not a valid function",
    },
    "too few parameters": {
        script: "LET a = if(1)",
        code: 11003,
        at: [1, 9],
        message: "if takes 2 to 3 parameter(s), not 1",
    },
    "too many parameters": {
        script: "LET a = Chr(1, 2)",
        code: 11003,
        at: [1, 9],
        message: "Chr takes 1 parameter(s), not 2",
    },
    "an expression that breaks off": {
        script: "LET a = (1 +",
        code: 11003,
        at: [1, 13],
        message: "Expected an expression, found the end of the statement",
    },
    "a parenthesis that is not closed": {
        script: "LOAD (1 AS A AUTOGENERATE 1",
        code: 11003,
        at: [1, 9],
        message: "Expected ')', found AS",
    },
    "a LOAD that goes on": {
        script: "LOAD 1 AS A AUTOGENERATE 1 GROUP BY A",
        code: 11004,
        at: [1, 28],
        message: "Unexpected token: GROUP",
    },
    "a prefix that the stand-in does not have": {
        script: "LOAD DISTINCT A AUTOGENERATE 1",
        code: 11004,
        at: [1, 15],
        message: "Unexpected token: A",
    },
    "a character of no meaning": {
        script: "LET a = 1 ? 2",
        code: 11004,
        at: [1, 11],
        message: "Unexpected character: ?",
    },
    "a quote that is not closed": {
        script: "SET a = 1;\nSET b = 'x;\n",
        code: 11003,
        at: [2, 9],
        message: "The ' is never closed",
    },
    "a bracket that is not closed": {
        script: "LOAD * INLINE [A",
        code: 11003,
        at: [1, 15],
        message: "The [ is never closed",
    },
    "a LOAD without a source at the end": {
        script: "LET a = 1; LOAD 1 AS A",
        code: 11003,
        at: [1, 12],
        message: "Expected a source, such as AUTOGENERATE, or a LOAD after this one",
    },
    "a LOAD without a source before something else": {
        script: "LOAD 1 AS A;\nSET a = 1;",
        code: 11003,
        at: [1, 1],
        message: "Expected a source, such as AUTOGENERATE, or a LOAD after this one",
    },
    "a SET without a value": {
        script: "SET a",
        code: 11003,
        at: [1, 6],
        message: "Expected '=', found the end of the statement",
    },
    "a comment on a field without a text": {
        script: "COMMENT FIELD A WITH 1",
        code: 11003,
        at: [1, 22],
        message: "Expected a comment in quotes, found 1",
    },
    "a file": {
        script: "LOAD * FROM [lib://data/a.csv] (txt)",
        code: 11020,
        at: [1, 13],
        message: "Cannot open file: [lib://data/a.csv]",
    },
    "a connection": {
        script: "LIB CONNECT TO testconnector;",
        code: 11015,
        at: [1, 16],
        message: "The connection testconnector was not found",
    },
    "a query": {
        script: "SQL SELECT A FROM B;",
        code: 11030,
        at: [1, 1],
        message: "There is no open database connection",
    },
};

describe("Scripts that are wrong", () => {
    for (const [what, { script, code, at, message, atRun }] of Object.entries(wrong)) {
        it(`fail with code, place and text: ${what}`, async () => {
            const error = await errorOf(script);
            expect({ code: error.code, at: [error.line, error.column], message: error.message }).to.deep.equal({
                code,
                at,
                message,
            });
        });

        it(`${atRun ? "look right" : "are found"} without being run: ${what}`, async () => {
            const found = (await checkSyntax(script)).map((error) => [
                error.code,
                error.message,
                error.line,
                error.column,
            ]);
            expect(found).to.deep.equal(atRun ? [] : [[code, message, ...at]]);
        });
    }

    it("name the statement, without comments and with variables expanded", async () => {
        const error = await errorOf("SET f = Foo; /* a */ LET a = $(f)(1); LET b = 1;");
        expect(error.statement).to.equal("LET a = Foo(1)");
    });

    it("are placed right behind variables, too", async () => {
        const error = await errorOf("SET long = 'a long text'; LET a = '$(long)' & '$(long)' & Foo(1);");
        expect([error.line, error.column]).to.deep.equal([1, 59]);
    });

    it("are placed where the variable stands that makes them wrong", async () => {
        const error = await errorOf("SET v = 1 ? 2;\nLET a = 0 + $(v);");
        expect([error.line, error.column]).to.deep.equal([2, 13]);
    });

    it("do not stop what stands before them from being reported", async () => {
        const lines: string[] = [];
        const failed = runScript("LOAD 1 AS A AUTOGENERATE 1; FOO", { progress: (line) => lines.push(line) });
        expect(await failed.catch((error: unknown) => (error as Error).message)).to.equal("Unknown statement: FOO");
        expect(lines).to.have.length(1);
    });

    it("show all their errors at once to who asks", async () => {
        const errors = await checkSyntax("FOO;\nLET a = ;\nLOAD 1 AS A AUTOGENERATE 1;\nBAR");
        expect(errors.map(({ line, message }) => [line, message])).to.deep.equal([
            [1, "Unknown statement: FOO"],
            [2, "Expected an expression, found the end of the statement"],
            [4, "Unknown statement: BAR"],
        ]);
    });

    it("cannot be told from right ones where variables make the statement", async () => {
        expect(await checkSyntax("LOAD A; $(rest); FOO")).to.have.length(1);
        expect(await checkSyntax("$(anything at all")).to.deep.equal([]);
        expect((await errorOf("$(anything at all")).message).to.equal("Expected ')' after $(");
    });

    it("leave no right script with an error", async () => {
        const script = "T: LOAD *; LOAD RecNo() AS N AUTOGENERATE 3 WHILE IterNo() < 3 WHERE RecNo() > 1; SET a = 'x';";
        expect(await checkSyntax(script)).to.deep.equal([]);
        await run(script);
    });
});
