import { expect } from "chai";
import { run } from "./support";

async function tablesOf(script: string): Promise<[name: string, rows: number][]> {
    const { tables } = await run(script);
    return tables.map(({ name, rows }) => [name, rows.length]);
}

describe("Tables of a script", () => {
    it("are named by their labels", async () => {
        expect(
            await tablesOf(
                'A: LOAD 1 AS X AUTOGENERATE 1; "B b" : LOAD 1 AS Y AUTOGENERATE 1; [C]: LOAD 1 AS Z AUTOGENERATE 1',
            ),
        ).to.deep.equal([
            ["A", 1],
            ["B b", 1],
            ["C", 1],
        ]);
    });

    it("are named by their source if they have no label", async () => {
        const script = "LOAD 1 AS X AUTOGENERATE 2; LOAD * INLINE [Y\n1]; LOAD X AS Z RESIDENT INLINE";
        expect(await tablesOf(script.replace("X AS Z", "Y AS Z"))).to.deep.equal([
            ["AUTOGENERATE(2)", 2],
            ["INLINE", 1],
            ["INLINE-1", 1],
        ]);
    });

    it("take in a later load with the same fields, whatever its label and the order of its fields", async () => {
        const { tables, lines } = await run(
            "A: LOAD 1 AS X, 2 AS Y AUTOGENERATE 1; B: LOAD 3 AS Y, 4 AS X AUTOGENERATE 1",
        );
        expect(tables).to.deep.equal([
            {
                name: "A",
                fields: ["X", "Y"],
                rows: [
                    [1, 2],
                    [4, 3],
                ],
            },
        ]);
        expect(lines[1]).to.equal("A << AUTOGENERATE(1) 1 Lines fetched");
    });

    it("count RowNo on when they take in more rows", async () => {
        const { tables } = await run("LOAD RowNo() AS N AUTOGENERATE 2; LOAD RowNo() AS N AUTOGENERATE 1");
        expect(tables[0]?.rows).to.deep.equal([[1], [2], [3]]);
    });

    it("with other fields under a name that is taken get a number", async () => {
        const script = "A: LOAD 1 AS X AUTOGENERATE 1; A: LOAD 1 AS Y AUTOGENERATE 1; A: LOAD 1 AS Z AUTOGENERATE 1";
        expect((await tablesOf(script)).map(([name]) => name)).to.deep.equal(["A", "A-1", "A-2"]);
    });

    it("with a field that differs in the case of its letters are another table", async () => {
        expect(await tablesOf("A: LOAD 1 AS x AUTOGENERATE 1; B: LOAD 1 AS X AUTOGENERATE 1")).to.have.length(2);
    });

    describe("can have comments on fields:", () => {
        it("a text in either kind of quotes", async () => {
            const { fieldComments } = await run(
                `LOAD 1 AS A, 2 AS [B b] AUTOGENERATE 1; Comment Field A With "first"; COMMENT FIELD [B b] WITH 'it''s';`,
            );
            expect(fieldComments).to.deep.equal({ A: "first", "B b": "it's" });
        });

        it("the last one given", async () => {
            const { fieldComments } = await run(
                "COMMENT FIELD A WITH '1'; LOAD 1 AS A AUTOGENERATE 1; COMMENT FIELD A WITH '2'",
            );
            expect(fieldComments).to.deep.equal({ A: "2" });
        });

        it("none on fields that there are not", async () => {
            expect((await run("COMMENT FIELD A WITH 'x'")).fieldComments).to.deep.equal({});
        });
    });
});
