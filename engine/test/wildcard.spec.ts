import { expect } from "chai";
import { compileWildcard } from "../src/wildcard";

describe("Wildcards", () => {
    const matching: [pattern: string, text: string][] = [
        ["", ""],
        ["*", ""],
        ["*", "anything"],
        ["us-*", "US-east"],
        ["??-*", "us-west"],
        ["*east", "us-east-east"],
        ["a*b*c", "a-b-b-c"],
        ["a**c", "abc"],
        ["?", "😀"],
    ];
    for (const [pattern, text] of matching) {
        it(`"${pattern}" matches "${text}"`, () => expect(compileWildcard(pattern)(text)).to.be.true);
    }

    const other: [pattern: string, text: string][] = [
        ["", "a"],
        ["?", ""],
        ["us-?", "us-east"],
        ["uk-*", "us-east"],
        ["a*b", "abc"],
        ["a.c", "abc"],
    ];
    for (const [pattern, text] of other) {
        it(`"${pattern}" does not match "${text}"`, () => expect(compileWildcard(pattern)(text)).to.be.false);
    }

    it("takes *, ? and the escape character itself as they are after the escape character", () => {
        expect(compileWildcard("\\*\\?\\\\", "\\")("*?\\")).to.be.true;
        expect(compileWildcard("\\*", "\\")("a")).to.be.false;
        expect(compileWildcard("Personal\\Me", "\\")("personal\\me")).to.be.true;
    });

    it("knows no escape character unless one is given", () => {
        expect(compileWildcard("\\*")("\\abc")).to.be.true;
    });

    it("needs no more than length times length for a hostile pattern", function () {
        this.timeout(2_000);
        expect(compileWildcard(`${"a*".repeat(30)}b`)("a".repeat(20_000))).to.be.false;
    });
});
