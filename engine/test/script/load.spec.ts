import { expect } from "chai";
import { rowsOf, run } from "./support";

describe("LOAD", () => {
    it("makes as many rows as AUTOGENERATE says", async () => {
        expect(await rowsOf("LOAD RecNo() AS N AUTOGENERATE 3;")).to.deep.equal([[1], [2], [3]]);
        expect(await rowsOf("LOAD RecNo() AS N AUTOGENERATE(1+1);")).to.have.length(2);
        expect(await rowsOf("LOAD RecNo() AS N AUTOGENERATE 2.9;")).to.have.length(2);
        expect(await rowsOf("LOAD RecNo() AS N AUTOGENERATE 0;")).to.have.length(0);
    });

    it("takes keywords in any case of letters and needs no semicolon at the end", async () => {
        expect(await rowsOf("lOaD RecNO() aS N aUTOgenerate 2 WHERE recno() = 2")).to.deep.equal([[2]]);
    });

    it("names fields bare, in double quotes, in brackets or in single quotes", async () => {
        const { tables } = await run(`LOAD 1 AS A, 2 AS "B b", 3 AS [C c], 4 AS 'D d' AUTOGENERATE 1`);
        expect(tables[0]?.fields).to.deep.equal(["A", "B b", "C c", "D d"]);
    });

    it("names a field without a name by its formula", async () => {
        const { tables } = await run("LOAD 1 + RecNo() , 2 AUTOGENERATE 1");
        expect(tables[0]?.fields).to.deep.equal(["1 + RecNo()", "2"]);
    });

    it("tells fields apart by the case of their letters", async () => {
        expect(await rowsOf("LOAD a, A; LOAD 1 AS a, 2 AS A AUTOGENERATE 1")).to.deep.equal([[1, 2]]);
    });

    describe("WHERE", () => {
        it("lets only rows through for which it is true", async () => {
            expect(await rowsOf("LOAD RecNo() AS N AUTOGENERATE 5 WHERE RecNo() > 3")).to.deep.equal([[4], [5]]);
        });

        it("takes null for not true", async () => {
            expect(await rowsOf("LOAD 1 AS N AUTOGENERATE 1 WHERE null()")).to.be.empty;
        });

        it("leaves no gaps in RowNo", async () => {
            const script = "LOAD RecNo() AS Rec, RowNo() AS Row AUTOGENERATE 4 WHERE Mod(RecNo(), 2) = 0";
            expect(await rowsOf(script)).to.deep.equal([
                [2, 1],
                [4, 2],
            ]);
        });
    });

    describe("WHILE", () => {
        it("repeats a row as long as it is true", async () => {
            const script =
                "LOAD RecNo() AS Rec, IterNo() AS Iter, RowNo() AS Row AUTOGENERATE 3 WHILE IterNo() < RecNo()";
            expect(await rowsOf(script)).to.deep.equal([
                [2, 1, 1],
                [3, 1, 2],
                [3, 2, 3],
            ]);
        });

        it("goes with WHERE, in either order", async () => {
            const expected = [[2], [2]];
            const load = "LOAD IterNo() AS N AUTOGENERATE 2";
            expect(await rowsOf(`${load} WHILE IterNo() <= 3 WHERE IterNo() = 2`)).to.deep.equal(expected);
            expect(await rowsOf(`${load} WHERE IterNo() = 2 WHILE IterNo() <= 3`)).to.deep.equal(expected);
        });
    });

    describe("without a source", () => {
        it("takes its rows from the LOAD that follows", async () => {
            const { tables } = await run("Squares: LOAD N, N*N AS Square; LOAD RecNo() AS N AUTOGENERATE 3");
            expect(tables).to.have.length(1);
            expect(tables[0]).to.deep.include({ name: "Squares", fields: ["N", "Square"] });
            expect(tables[0]?.rows).to.deep.equal([
                [1, 1],
                [2, 4],
                [3, 9],
            ]);
        });

        it("can be stacked, each with conditions and counts of its own", async () => {
            const script = `
                LOAD C, RecNo() AS Third WHERE C <> 4;
                LOAD B AS C, RecNo() AS Second WHERE B > 1;
                LOAD RecNo() AS B AUTOGENERATE 5;`;
            expect(await rowsOf(script)).to.deep.equal([
                [2, 1],
                [3, 2],
                [5, 4],
            ]);
        });

        it("takes all fields of the next with *", async () => {
            const { tables } = await run("LOAD *, A + B AS Sum; LOAD 1 AS A, 2 AS B AUTOGENERATE 1");
            expect(tables[0]).to.deep.include({ fields: ["A", "B", "Sum"], rows: [[1, 2, 3]] });
        });

        it("evaluates what it takes only once for each row", async () => {
            expect(await rowsOf("LOAD R - R AS Zero; LOAD Rand() AS R AUTOGENERATE 2")).to.deep.equal([[0], [0]]);
        });
    });

    describe("INLINE", () => {
        it("has a header line and a line for each row", async () => {
            const { tables } = await run("T: LOAD * INLINE [\nxyz, numbers\nx, 1\ny, 2.5\n\n];");
            expect(tables[0]).to.deep.equal({
                name: "T",
                fields: ["xyz", "numbers"],
                rows: [
                    ["x", 1],
                    ["y", 2.5],
                ],
            });
        });

        it("leaves out values beyond the header and makes missing ones null", async () => {
            const script = "LOAD * INLINE [\r\nA,B\r\n1,2,\r\n3\r\n,4\r\n]";
            expect(await rowsOf(script)).to.deep.equal([
                [1, 2],
                [3, null],
                ["", 4],
            ]);
        });

        it("takes quoted values with commas, and semicolons and comment marks as they are", async () => {
            const script = `LOAD * INLINE [A,B\n"a, ""b""",'c, d'\nx; y,// z]`;
            expect(await rowsOf(script)).to.deep.equal([
                ['a, "b"', "c, d"],
                ["x; y", "// z"],
            ]);
        });

        it("takes a quote that closes too early, or not at all, as it stands", async () => {
            expect(await rowsOf(`LOAD * INLINE [A,B\n'it's',1\n"x"y,'z]`)).to.deep.equal([
                ["'it's'", 1],
                ['"x"y', "'z"],
            ]);
        });

        it("keeps texts that no number is written as", async () => {
            expect(await rowsOf("LOAD * INLINE [A\n007\n1.50\n7]")).to.deep.equal([["007"], ["1.50"], [7]]);
        });

        it("can be calculated with", async () => {
            expect(await rowsOf("LOAD A * 2 AS Twice INLINE 'A\n1\n2' WHERE A > 1")).to.deep.equal([[4]]);
        });
    });

    describe("RESIDENT", () => {
        it("takes the rows of a table that is there already", async () => {
            const { tables } = await run(
                "Source: LOAD RecNo() AS N AUTOGENERATE 3; Copy: LOAD N, -N AS M RESIDENT Source WHERE N < 3;",
            );
            expect(tables[1]).to.deep.equal({
                name: "Copy",
                fields: ["N", "M"],
                rows: [
                    [1, -1],
                    [2, -2],
                ],
            });
        });

        it("can add to the table that it reads", async () => {
            expect(await rowsOf("T: LOAD 1 AS N AUTOGENERATE 2; LOAD N + 1 AS N RESIDENT T")).to.deep.equal([
                [1],
                [1],
                [2],
                [2],
            ]);
        });
    });

    describe("reports", () => {
        it("table, source and rows when it is done", async () => {
            const { lines } = await run(`
                A: LOAD RecNo() AS N AUTOGENERATE 26;
                B: LOAD *, 1 AS One; LOAD N AS M RESIDENT A WHERE N > 20;
                C: LOAD * INLINE [X\n1];`);
            expect(lines).to.deep.equal([
                "A << AUTOGENERATE(26) 26 Lines fetched",
                "B << A 6 Lines fetched",
                "C << INLINE 1 Lines fetched",
            ]);
        });

        it("no more rows than the fetch limit lets it add", async () => {
            const { tables, lines } = await run(
                "A: LOAD RecNo() AS N AUTOGENERATE 9; B: LOAD 1 AS M AUTOGENERATE 2",
                3,
            );
            expect(tables.map(({ rows }) => rows.length)).to.deep.equal([3, 2]);
            expect(lines[0]).to.equal("A << AUTOGENERATE(9) 3 Lines fetched");
        });
    });
});
