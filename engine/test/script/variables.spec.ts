import { expect } from "chai";
import { errorOf, rowsOf, run } from "./support";

async function variablesOf(script: string): Promise<Record<string, string | number>> {
    return (await run(script)).variables;
}

describe("Variables of a script", () => {
    it("are set to the text as it stands", async () => {
        expect(await variablesOf("SET a = 10; set b=1 + 2; SET c = x 'y' z;")).to.deep.equal({
            a: "10",
            b: "1 + 2",
            c: "x 'y' z",
        });
    });

    it("lose quotes around the whole text, and semicolons in quotes end nothing", async () => {
        expect(
            await variablesOf(`SET MonthNames='Jan;Feb;Mar'; SET ThousandSep=','; SET q="a;b"; SET e='';`),
        ).to.deep.equal({
            MonthNames: "Jan;Feb;Mar",
            ThousandSep: ",",
            q: "a;b",
        });
    });

    it("are let to the result of an expression, with or without the word", async () => {
        expect(await variablesOf("LET b = Sqr(10); c = 'x' & b; let [d e] = b + 1")).to.deep.equal({
            b: 100,
            c: "x100",
            "d e": 101,
        });
    });

    it("are null in expressions where they do not exist, and vanish when they become null", async () => {
        expect(await variablesOf("SET a = 1; LET a = missing + 1; LET b = IsNull(missing)")).to.deep.equal({ b: -1 });
    });

    it("tell names apart by the case of their letters", async () => {
        expect(await variablesOf("SET a = 1; SET A = 2")).to.deep.equal({ a: "1", A: "2" });
    });

    describe("expand", () => {
        it("anywhere in a statement, inside quotes too", async () => {
            const script = "SET n = 3; SET t = T; $(t): LOAD RecNo() AS N, 'is $(n)' AS [C$(n)] AUTOGENERATE $(n)";
            const { tables } = await run(script);
            expect(tables[0]).to.deep.include({ name: "T", fields: ["N", "C3"] });
            expect(tables[0]?.rows.at(-1)).to.deep.equal([3, "is 3"]);
        });

        it("to the result of an expression after =", async () => {
            expect(await rowsOf("LET n = 2; LOAD RecNo() AS N AUTOGENERATE $(=n * (1 + 1))")).to.have.length(4);
        });

        it("to a whole statement", async () => {
            expect(await rowsOf("SET s = 'LOAD 1 AS N AUTOGENERATE 1'; $(s);")).to.deep.equal([[1]]);
        });

        it("the variables in their own values, and in names", async () => {
            expect(await variablesOf("SET i=1; SET x1=one; SET y = $(x$(i)); SET z = $(y)!")).to.include({
                y: "one",
                z: "one!",
            });
        });

        it("to nothing where they do not exist", async () => {
            expect(await variablesOf("SET a = <$(missing)>")).to.deep.equal({ a: "<>" });
        });

        it("not in comments", async () => {
            expect(await variablesOf("SET a = 1; // $(=nonsense(\n/* $( */ SET b = 2;")).to.deep.equal({
                a: "1",
                b: "2",
            });
        });

        it("not without end", async () => {
            const error = await errorOf("LET a = '$' & '(a)$' & '(a)';\nLOAD $(a) AS X AUTOGENERATE 1");
            expect(error.message).to.match(/^The variables of the statement expand without end/);
            expect(error.line).to.equal(2);
        });
    });

    it("that are wrong inside another's value are placed where that one stands", async () => {
        const error = await errorOf("SET a = $(=1 ? 2); SET b = 1;");
        expect([error.line, error.column, error.message]).to.deep.equal([1, 9, "Unexpected character: ?"]);
        const inner = await errorOf("LET a = '$' & '(=1 ? 2)';\nLET b = $(a);");
        expect([inner.line, inner.column, inner.message]).to.deep.equal([2, 9, "Unexpected character: ?"]);
    });

    it("with parameters are refused", async () => {
        const error = await errorOf("SET f = $1 + 1; LOAD $(f(2)) AS X AUTOGENERATE 1");
        expect(error.message).to.equal("Variables with parameters are not supported: $(f(2))");
    });
});
