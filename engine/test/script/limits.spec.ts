import { expect } from "chai";
import { checkSyntax, runScript } from "../../src/script/index";
import { run, rowsOf } from "./support";
import { longestTurnDuring } from "./turns";

/** Much more than any step takes, since other processes want the processor too; without its bound each of these takes from seconds to days. */
const longestTurn = 1_000;

async function outcomeOf(script: string): Promise<string> {
    return runScript(script, { progress: () => undefined }).then(
        () => "done",
        (error: unknown) => {
            const { name, code, message } = error as { name: string; code?: number; message: string };
            return `${name} ${code}: ${message.length > 200 ? `${message.slice(0, 200)} …` : message}`;
        },
    );
}

const manyFields = (count: number, prefix = "F") =>
    Array.from({ length: count }, (_, i) => `1 AS ${prefix}${i}`).join();

interface Attack {
    readonly script: string;
    readonly outcome: RegExp;
}

const work = /^ScriptError 6: A row or a statement takes more than 5,000,000 steps of work$/;
const text = /^ScriptError 6: A text would have more than 1,000,000 characters$/;
const data = /^ScriptError 6: The data would take more than 50,000,000 characters$/;
const statement = /^ScriptError 6: A statement has more than 2,000,000 characters$/;
const tokens = /^ScriptError 6: The statement is too large: it has more than 100,000 words and symbols$/;
const nesting = /^ScriptError 6: The statement is nested deeper than 250$/;
const expansions = /^ScriptError 6: The variables of the statement expand without end: more than 1,000 of them/;

/** Those of a review with what they did then, and their like. */
const attacks: Record<string, Attack> = {
    "a comparison by wildcards, of 85 s": {
        script: "LET r = repeat('a',100000) like '*'&repeat('a',50000)&'b'",
        outcome: work,
    },
    "a longer one, which kept an engine from its Service for 2 minutes": {
        script: "LET r = repeat('a',400000) like '*'&repeat('a',200000)&'b'",
        outcome: work,
    },
    "WildMatch row by row, of 95 s": {
        script: "LOAD wildmatch(repeat('a',20000),'*'&repeat('a',10000)&'b') AS A AUTOGENERATE 200",
        outcome: work,
    },
    "WildMatch of many patterns": {
        script: `LOAD wildmatch(repeat('a',2000)${",'*'&repeat('a',1000)&'b'".repeat(100)}) AS A AUTOGENERATE 1`,
        outcome: work,
    },
    "texts of 100 MB, which ended the process": {
        script: "LOAD upper(repeat('a',100000000)&RecNo()) AS A AUTOGENERATE 20",
        outcome: text,
    },
    "many texts of what is allowed": {
        script: "LOAD upper(repeat('a',900000)&RecNo()) AS A AUTOGENERATE 2000",
        outcome: data,
    },
    "many texts that take no memory until they are read": {
        script: "LOAD repeat('a',900000) AS A AUTOGENERATE 2000",
        outcome: data,
    },
    "many texts in one row": {
        script: `LOAD ${Array.from({ length: 100 }, (_, i) => `repeat('a',900000) AS F${i}`).join()} AUTOGENERATE 1`,
        outcome: work,
    },
    "a variable of 500 MB, which took 29 s and 2 GB to be saved": {
        script: "LET a = repeat('a',500000000)",
        outcome: text,
    },
    "a text too long for the process": { script: "LET a = Repeat('x', 1e12)", outcome: text },
    "many variables": {
        script: Array.from({ length: 200 }, (_, i) => `LET v${i}=repeat('a',900000);`).join(""),
        outcome: data,
    },
    "a variable that doubles": { script: "LET a='aaaaaaaa';" + "LET a=a&a;".repeat(60), outcome: text },
    "a script of 20 MB without a semicolon, of 26 s": {
        script: "x".repeat(20_000_000),
        outcome: /^ScriptError 6: The script has more than 5,000,000 characters$/,
    },
    "a script of slashes, of 47 s": { script: "/ ".repeat(2_500_000), outcome: statement },
    "a script of semicolons": { script: ";".repeat(5_000_000), outcome: /^done$/ },
    "a script of comments": { script: "/**/;".repeat(1_000_000), outcome: /^done$/ },
    "a script of REM": { script: "rem;".repeat(1_250_000), outcome: /^done$/ },
    "a statement of 2 MB and a bit": { script: `SET a='${"x".repeat(2_000_000)}'`, outcome: statement },
    "a statement of quotes": { script: "''".repeat(990_000), outcome: /^ScriptError 11002: Unknown statement/ },
    "a statement of many words": { script: `LET a=${"1+".repeat(900_000)}1`, outcome: tokens },
    "100,000 parentheses": { script: `LET a = ${"(".repeat(100_000)}`, outcome: tokens },
    "251 parentheses": { script: `LET a = ${"(".repeat(251)}1${")".repeat(251)}`, outcome: nesting },
    "90,000 times not": { script: `LET a = ${"not ".repeat(90_000)}1`, outcome: nesting },
    "90,000 signs": { script: `LET a = ${"-".repeat(90_000)}1`, outcome: nesting },
    "300 functions of each other": { script: `LET a = ${"upper(".repeat(300)}'a'${")".repeat(300)}`, outcome: nesting },
    "45,000 operators": {
        script: `LET a = ${"1+".repeat(45_000)}1`,
        outcome: /^ScriptError 6: An expression has more than 2,000 operators that wait for each other$/,
    },
    "1,000 expansions in a large statement, of 32 s": {
        script: `LET a='x'; SET b='${"$(a)".repeat(999)}${"y".repeat(990_000)}'`,
        outcome: /^done$/,
    },
    "expansions inside each other": {
        script: `SET b='${"$(".repeat(9_000)}${")".repeat(9_000)}'`,
        outcome: expansions,
    },
    "a variable that is in itself": { script: "LET a = '$' & '(a)'; LET b = $(a)", outcome: expansions },
    "a variable that grows by itself": { script: "LET a = '$' & '(a)$' & '(a)'; LET b = $(a)", outcome: expansions },
    "300 statements of 999 expansions": {
        script: `LET a='x';${`LET b = '${"$(a)".repeat(999)}';`.repeat(300)}`,
        outcome: /^done$/,
    },
    "900,000 digits that are no number": { script: "LET a=repeat('1',900000)&'x'; LET b = a+1", outcome: /^done$/ },
    "101 LOADs on each other": {
        script: `${"LOAD *;".repeat(101)}LOAD 1 AS A AUTOGENERATE 1`,
        outcome: /^ScriptError 6: More than 100 LOADs take their rows from each other$/,
    },
    "LOADs of many fields on each other": {
        script: `${"LOAD *;".repeat(99)}LOAD ${manyFields(9_000)} AUTOGENERATE 2`,
        outcome: /^done$/,
    },
    "10,001 fields": {
        script: `LOAD ${manyFields(10_001)} AUTOGENERATE 1`,
        outcome: /^ScriptError 6: A table would have more than 10,000 fields$/,
    },
    "10,001 fields INLINE": {
        script: `LOAD * INLINE [${Array.from({ length: 10_001 }, (_, i) => `F${i}`).join()}]`,
        outcome: /^ScriptError 6: An INLINE table has more than 10,000 fields$/,
    },
    "many tables of many fields": {
        script: `T: LOAD ${manyFields(9_000)} AUTOGENERATE 1;${Array.from({ length: 9 }, (_, i) => `LOAD *, 1 AS G${i} RESIDENT T;`).join("")}`,
        outcome: /^ScriptError 6: The tables have more than 50,000 fields$/,
    },
    "many tables that ask for one name": {
        script: Array.from({ length: 20_000 }, (_, i) => `A: LOAD 1 AS F${i} AUTOGENERATE 1;`).join(""),
        outcome: /^done$/,
    },
    "a long name": {
        script: `LET n = repeat('n', 10001); $(n): LOAD 1 AS A AUTOGENERATE 1`,
        outcome: /^ScriptError 6: A name has more than 10,000 characters$/,
    },
    "comments on fields that are not there": {
        script: Array.from({ length: 50_000 }, (_, i) => `COMMENT FIELD f${i} WITH 'x';`).join(""),
        outcome: /^done$/,
    },
    "an INLINE table of quotes": { script: `LOAD * INLINE [a,b\n${"\"a,'b,".repeat(200_000)}]`, outcome: /^done$/ },
    "a million million rows": { script: "LOAD RecNo() AS A AUTOGENERATE 1e12", outcome: data },
    "rows without end": { script: "LOAD 1 AS A AUTOGENERATE 1 WHILE 1=1", outcome: data },
};

describe("Scripts that ask for too much", function () {
    this.timeout(60_000);

    for (const [what, { script, outcome }] of Object.entries(attacks)) {
        it(`end by themselves, and the process goes on meanwhile: ${what}`, async () => {
            const { result, longest } = await longestTurnDuring(() => outcomeOf(script));
            expect(result).to.match(outcome);
            expect(longest).to.be.lessThan(longestTurn);
        });
    }

    for (const script of [
        "a;".repeat(2_500_000),
        `${"\n".repeat(1_900_000)}${"a;".repeat(100)}`,
        ";".repeat(5_000_000),
    ]) {
        it(`are looked through while the process goes on: ${JSON.stringify(script.slice(-6))}`, async () => {
            const { longest } = await longestTurnDuring(() => checkSyntax(script));
            expect(longest).to.be.lessThan(longestTurn);
        });
    }

    it("are cancelled at once at any moment", async () => {
        const heavy = [
            "LOAD wildmatch(repeat('a',4000),'*'&repeat('a',1000)&'b') AS A AUTOGENERATE 1e6 WHERE 0",
            `LET a='x'; ${`SET b='${"$(a)".repeat(999)}${"y".repeat(990_000)}';`.repeat(2)}${"LET a = 1;".repeat(100_000)}`,
            ";".repeat(5_000_000),
        ];
        for (const script of heavy) {
            const abort = new AbortController();
            const outcome = runScript(script, { progress: () => undefined, signal: abort.signal }).catch(
                (error: unknown) => error,
            );
            let cancelled = 0;
            setTimeout(() => {
                cancelled = performance.now();
                abort.abort("cancelled");
            }, 20);
            expect(await outcome).to.equal("cancelled");
            expect(performance.now() - cancelled).to.be.lessThan(1_000);
        }
    });
});

describe("Scripts that ask for as much as may be", function () {
    this.timeout(30_000);

    it("get it: a text, a chain of operators, a nest, fields", async () => {
        expect((await run("LET a = Len(Repeat('x', 1000000))")).variables).to.deep.equal({ a: 1_000_000 });
        expect((await run(`LET a = ${"1+".repeat(1_999)}1`)).variables).to.deep.equal({ a: 2_000 });
        expect((await run(`LET a = ${"(".repeat(249)}1${")".repeat(249)}`)).variables).to.deep.equal({ a: 1 });
        expect((await run(`LET a = ${"if(1,".repeat(250)}1${",0)".repeat(250)}`)).variables).to.deep.equal({ a: 1 });
        expect((await rowsOf(`LOAD ${manyFields(10_000)} AUTOGENERATE 1`))[0]).to.have.length(10_000);
    });
});
