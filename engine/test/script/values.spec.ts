import { expect } from "chai";
import type { FieldValue } from "../../src/script/index";
import { valueOf } from "./support";

/** Each expression beside what it is. */
function all(cases: Record<string, FieldValue>): void {
    for (const [expression, expected] of Object.entries(cases)) {
        it(`${expression} is ${JSON.stringify(expected)}`, async () => {
            expect(await valueOf(expression)).to.equal(expected);
        });
    }
}

describe("Script expressions", () => {
    describe("constants", () => {
        all({
            "12": 12,
            "1.5": 1.5,
            ".5": 0.5,
            "1e3": 1000,
            "1e999": null,
            "-3": -3,
            "- -3": 3,
            "+3": 3,
            "'text'": "text",
            "'it''s'": "it's",
            "''": "",
            "'a;b // c'": "a;b // c",
        });
    });

    describe("arithmetic", () => {
        all({
            "1+2": 3,
            "1-2-3": -4,
            "2*3/4": 1.5,
            "1/0": null,
            "0/0": null,
            "'2'*'3'": 6,
            "'a'+1": null,
            "null()+1": null,
            "-null()": null,
            "-'a'": null,
            "-0": 0,
        });
    });

    describe("texts", () => {
        all({
            "'a' & 'b'": "ab",
            "1 & 2": "12",
            "0.1+0.2 & ''": "0.3",
            "null() & 'a'": "a",
            "'a' & null()": "a",
            "null() & null()": null,
        });
    });

    describe("comparisons", () => {
        all({
            "1=1": -1,
            "1=2": 0,
            "1<>2": -1,
            "2<10": -1,
            "'2'<'10'": -1,
            "'2a'<'10a'": 0,
            "1>=1": -1,
            "1<=0": 0,
            "3>2": -1,
            "'a'='a'": -1,
            "'a'='A'": 0,
            "'1.0'=1": -1,
            "' 11' precedes ' 2'": -1,
            "'b' follows 'a'": -1,
            "'Hello' like 'h*o'": -1,
            "'Hello' like 'h?o'": 0,
            "null()=null()": null,
            "null()=1": 0,
            "null()<>1": -1,
            "null()<1": 0,
            "null()>=1": 0,
            "null() like '*'": null,
        });
    });

    describe("logic", () => {
        all({
            "1 and 2": -1,
            "1 and 0": 0,
            "0 or 5": -1,
            "0 or 0": 0,
            "1 xor 1": 0,
            "1 xor 0": -1,
            "not 0": -1,
            "not 7": 0,
            "not null()": -1,
            "'a' or 0": 0,
            "'1' and 1": -1,
            "null() or 1": -1,
            "True()": -1,
            "False()": 0,
        });
    });

    describe("operators bind", () => {
        all({
            "1+2*3": 7,
            "(1+2)*3": 9,
            "2-1-1": 0,
            "8/4/2": 1,
            "-2*3": -6,
            "2*-3": -6,
            "1+2 & 3": "33",
            "'1'&2+3": "15",
            "1&1=11": -1,
            "1+1=2 and 2+2=4": -1,
            "not 1=2": -1,
            "not 0 and 0": 0,
            "1 or 1 and 0": -1,
            "(1 or 1) and 0": 0,
            "1 xor 1 and 0": -1,
            "1+not 0": 0,
        });
    });

    describe("choices", () => {
        all({
            "if(1, 'a', 'b')": "a",
            "if(0, 'a', 'b')": "b",
            "if(null(), 'a', 'b')": "b",
            "if(0, 'a')": null,
            "if(1, 'a')": "a",
            "IF(1=1, 1/0, 2)": null,
            "Pick(2, 'a', 'b', 'c')": "b",
            "Pick(2.9, 'a', 'b', 'c')": "b",
            "Pick(0, 'a')": null,
            "Pick(4, 'a', 'b', 'c')": null,
            "Pick(-1, 'a')": null,
            "Pick(null(), 'a')": null,
            "Alt('x', null(), 3, 4)": 3,
            "Alt('x', 'y')": "y",
            "Match('b', 'a', 'b')": 2,
            "Match('B', 'a', 'b')": 0,
            "MixMatch('B', 'a', 'b')": 2,
            "WildMatch('Hello', 'x*', 'h*')": 2,
            "IsNull(null())": -1,
            "IsNull('')": 0,
            "IsNum('12')": -1,
            "IsNum('a')": 0,
            "IsText('a')": -1,
            "IsText(1)": 0,
        });
    });

    describe("numbers", () => {
        all({
            "Ceil(2.1)": 3,
            "Ceil(-2.9)": -2,
            "Ceil(-0.5)": 0,
            "Ceil(7, 5)": 10,
            "Floor(2.9)": 2,
            "Floor(-2.1)": -3,
            "Floor(7, 5)": 5,
            "Round(2.5)": 3,
            "Round(-2.5)": -2,
            "Round(2.4)": 2,
            "Round(27, 10)": 30,
            "Round(3.14159, 0.01)": 3.14,
            "Round(0.123456, 0.00001)": 0.12346,
            "Round(11, 10, 5)": 15,
            "Round('a')": null,
            "Round(1, 0)": null,
            "Mod(7, 2)": 1,
            "Mod(-7, 2)": 1,
            "Mod(7.5, 2)": null,
            "Mod(7, 0)": null,
            "Mod(7, -2)": null,
            "FMod(7.5, 2)": 1.5,
            "FMod(-7, 2)": -1,
            "Div(7, 2)": 3,
            "Div(-7, 2)": -3,
            "Div(1, 0)": null,
            "Frac(2.25)": 0.25,
            "Fabs(-3)": 3,
            "Sign(-3)": -1,
            "Sqr(10)": 100,
            "Sqrt(9)": 3,
            "Sqrt(-1)": null,
            "Log(0)": null,
            "Log10(1000)": 3,
            "Exp(0)": 1,
            "Pow(2, 10)": 1024,
            "Even(4)": -1,
            "Even(3)": 0,
            "Odd(3)": -1,
            "Odd(1.5)": null,
        });

        it("Rand() is new for each row, from 0 to 1", async () => {
            expect(await valueOf("Rand() >= 0 and Rand() < 1")).to.equal(-1);
            expect(await valueOf("Rand() <> Rand()")).to.equal(-1);
        });
    });

    describe("characters", () => {
        all({
            "Chr(65)": "A",
            "Chr(RecNo()+Ord('A')-1)": "A",
            "Chr(8364)": "€",
            "Chr(-1)": null,
            "Chr('a')": null,
            "Ord('A')": 65,
            "Ord('€')": 8364,
            "Ord('')": null,
            "Len('abc')": 3,
            "Len(null())": null,
            "Upper('aB')": "AB",
            "Lower('aB')": "ab",
            "Trim('  a ') & '|'": "a|",
            "LTrim('  a ') & '|'": "a |",
            "RTrim('  a ') & '|'": "  a|",
            "Left('abc', 2)": "ab",
            "Left('abc', 0)": "",
            "Right('abc', 2)": "bc",
            "Right('abc', 0)": "",
            "Mid('abcdef', 3)": "cdef",
            "Mid('abcdef', 3, 2)": "cd",
            "Mid('abc', 0)": null,
            "Repeat('ab', 3)": "ababab",
        });
    });
});
