import { expect } from "chai";
import { checkSyntax, type DataModel, type FieldValue } from "../../src/script/index";
import { run } from "./support";
import { testDataScript } from "./testData";

function column(model: DataModel, tableName: string, field: string): FieldValue[] {
    const table = model.tables.find(({ name }) => name === tableName);
    const index = table?.fields.indexOf(field) ?? -1;
    expect(index, `${tableName}.${field}`).to.be.at.least(0);
    return (table?.rows ?? []).map((row) => row[index] ?? null);
}

describe("The script that makes test data", () => {
    let model: Awaited<ReturnType<typeof run>>;

    before(async () => {
        model = await run(testDataScript);
    });

    it("is right without being run", async () => {
        expect(await checkSyntax(testDataScript)).to.deep.equal([]);
    });

    it("makes three tables with twelve fields", () => {
        expect(model.tables.map(({ name }) => name)).to.deep.equal(["Letters", "CharacterSet", "Lines"]);
        expect(new Set(model.tables.flatMap(({ fields }) => fields))).to.have.property("size", 12);
    });

    it("makes the letters from A to Z", () => {
        expect(column(model, "Letters", "Alpha").join("")).to.equal("ABCDEFGHIJKLMNOPQRSTUVWXYZ");
        expect(column(model, "Letters", "Num")).to.deep.equal(Array.from({ length: 26 }, (_, index) => index + 1));
    });

    it("makes the characters that can be printed, with the number of each capital and null for all others", () => {
        const numbers = column(model, "CharacterSet", "Num");
        expect(numbers).to.have.length(95 + 96);
        expect(numbers.filter((number) => number !== null)).to.have.length(26);
        const characters = column(model, "CharacterSet", "AsciiAlpha");
        expect(numbers[characters.indexOf("C")]).to.equal(3);
        expect(numbers[characters.indexOf("c")]).to.be.null;
    });

    it("makes a thousand transactions of one line or more", () => {
        const transactions = column(model, "Lines", "TransID");
        const lines = column(model, "Lines", "TransLineID");
        expect(new Set(transactions)).to.have.property("size", 1000);
        expect(lines.filter((line) => line === 1)).to.have.length(1000);
        // Two lines on average, with a standard deviation of 45 over all: this fails once in ten billion runs.
        expect(lines.length).to.be.within(1700, 2300);
        transactions.forEach((transaction, row) => {
            const follows = row > 0 && transactions[row - 1] === transaction;
            expect(lines[row]).to.equal(follows ? Number(lines[row - 1]) + 1 : 1);
        });
    });

    it("takes the dimensions of a line from the same chance", () => {
        const dim1 = column(model, "Lines", "Dim1");
        const dim2 = column(model, "Lines", "Dim2");
        expect(new Set(dim1)).to.deep.equal(new Set(["A", "B", "C"]));
        expect(new Set(dim2)).to.deep.equal(new Set(["a", "b", "c", "d", "e", "f"]));
        const partners: Record<string, string> = { a: "A", b: "A", c: "B", d: "B", e: "C", f: "C" };
        dim2.forEach((value, row) => expect(dim1[row]).to.equal(partners[String(value)]));
    });

    it("rounds the measures", () => {
        for (const value of column(model, "Lines", "Expression1")) {
            expect(value).to.satisfy(Number.isInteger);
        }
        for (const value of column(model, "Lines", "Expression3")) {
            expect(String(value)).to.match(/^(0|1|0\.\d{1,5}|\de-5)$/);
        }
    });

    it("ties the tables together by Num", () => {
        const letters = new Set(column(model, "Letters", "Num"));
        expect(column(model, "Lines", "Num").every((number) => letters.has(number))).to.be.true;
    });

    it("comments its fields and says how far it is", () => {
        expect(model.fieldComments).to.deep.equal({ Dim1: "Grows with Dim2", Dim3: "Independent of the others" });
        expect(model.lines).to.deep.equal([
            "Letters << AUTOGENERATE(26) 26 Lines fetched",
            "CharacterSet << AUTOGENERATE(255) 191 Lines fetched",
            `Lines << AUTOGENERATE(1000) ${column(model, "Lines", "Num").length} Lines fetched`,
        ]);
    });
});
