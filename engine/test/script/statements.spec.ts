import { expect } from "chai";
import { rowsOf, run } from "./support";

const nothing = { tables: [], fieldComments: {}, variables: {}, lines: [] };

describe("Scripts", () => {
    for (const [what, script] of Object.entries({
        "an empty one": "",
        "only blanks": " \r\n\t ",
        "only semicolons": ";; ;",
        "a line comment": "// script1",
        "a line comment with quotes": "// don't \"mind [this\n",
        "a block comment": "/* don't\n mind; */",
        "a block comment without end": "/* to the end;",
        "a remark": "REM don't mind [this;",
        "a remark without end": "rem",
        "a section": "///$tab Main\r\n",
    })) {
        it(`with nothing to do make nothing: ${what}`, async () => {
            expect(await run(script)).to.deep.equal(nothing);
        });
    }

    it("have comments anywhere", async () => {
        const script = `
            ///$tab Main
            T: // label
            LOAD /* fields; */ RecNo() AS N // ' "
            AUTOGENERATE 2 /* rows */; REM that's it; // end`;
        expect(await rowsOf(script)).to.deep.equal([[1], [2]]);
    });

    it("keep comment marks that are in quotes", async () => {
        expect(await rowsOf(`LOAD '//a' AS "/*b*/", 1 AS [//c] AUTOGENERATE 1`)).to.deep.equal([["//a", 1]]);
    });

    it("may name a table or a variable rem", async () => {
        const { tables, variables } = await run("rem: LOAD 1 AS remark AUTOGENERATE 1; LET remainder = 2;");
        expect(tables[0]?.name).to.equal("rem");
        expect(variables).to.deep.equal({ remainder: 2 });
    });

    it("run as those of a new app: sections and SET statements on lines that end with CR LF", async () => {
        const script = [
            "///$tab Main",
            "SET ThousandSep=',';",
            "SET DecimalSep='.';",
            "SET MoneyFormat='$ ###0.00;-$ ###0.00';",
            "SET TimestampFormat='M/D/YYYY h:mm:ss[.fff] TT';",
            "SET FirstWeekDay=6;",
            "SET CollationLocale='en-US';",
            "SET DayNames='Mon;Tue;Wed;Thu;Fri;Sat;Sun';",
            "SET NumericalAbbreviation='3:k;6:M;-3:m;-6:μ';",
            "",
        ].join("\r\n");
        const { tables, variables } = await run(script);
        expect(tables).to.be.empty;
        expect(variables).to.deep.equal({
            ThousandSep: ",",
            DecimalSep: ".",
            MoneyFormat: "$ ###0.00;-$ ###0.00",
            TimestampFormat: "M/D/YYYY h:mm:ss[.fff] TT",
            FirstWeekDay: "6",
            CollationLocale: "en-US",
            DayNames: "Mon;Tue;Wed;Thu;Fri;Sat;Sun",
            NumericalAbbreviation: "3:k;6:M;-3:m;-6:μ",
        });
    });
});
