import { expect } from "chai";
import { isPrintable, quote } from "../../../config/characters";

const a = (count: number) => "a".repeat(count);

describe("characters of a value", () => {
    const shown: readonly [text: string, shown: string][] = [
        ["", '""'],
        ["data/docs", '"data/docs"'],
        ['say "a b"\\', '"say \\"a b\\"\\\\"'],
        ["Ω ü 日本 🙂", '"Ω ü 日本 🙂"'],
        ["a\nb", '"a\\nb"'],
        ["a\r\n\tb", '"a\\r\\n\\tb"'],
        ["a\0b", '"a\\u0000b"'],
        ["a\x1b[2Jb", '"a\\u001b[2Jb"'],
        ["a\x7fb", '"a\\u007fb"'],
        ["a\x85b", '"a\\u0085b"'],
        ["a\xa0b", '"a\\u00a0b"'],
        ["a\xadb", '"a\\u00adb"'],
        ["a\u200bb", '"a\\u200bb"'],
        ["a\u2028b", '"a\\u2028b"'],
        ["a\u2029b", '"a\\u2029b"'],
        ["a\u202eb", '"a\\u202eb"'],
        ["a\u2066b", '"a\\u2066b"'],
        ["a\u3000b", '"a\\u3000b"'],
        ["a\u3164b", '"a\\u3164b"'],
        ["a\ufe0fb", '"a\\ufe0fb"'],
        ["\ufeffa", '"\\ufeffa"'],
        ["a\ud800b", '"a\\ud800b"'],
        ["a\u{e0041}b", '"a\\udb40\\udc41b"'],
    ];
    for (const [text, expected] of shown) {
        it(`are shown as ${expected}`, () => {
            expect(quote(text)).to.equal(expected);
        });
    }

    it("are cut after a hundred", () => {
        expect(quote(a(100))).to.equal(`"${a(100)}"`);
        expect(quote(a(101))).to.equal(`"${a(100)}…"`);
        expect(quote(a(10_000_000))).to.equal(`"${a(100)}…"`);
        expect(quote("🙂".repeat(100))).to.equal(`"${"🙂".repeat(100)}"`);
        expect(quote("🙂".repeat(101))).to.equal(`"${"🙂".repeat(100)}…"`);
        expect(quote("\n".repeat(101))).to.equal(`"${"\\n".repeat(100)}…"`);
        expect(quote(`${a(99)}\u202e${a(99)}`)).to.equal(`"${a(99)}\\u202e…"`);
    });

    it("are printable, but for those that are shown as \\u", () => {
        for (const [text, expected] of shown) expect(isPrintable(text), expected).to.equal(!/\\[unrt]/.test(expected));
    });
});
