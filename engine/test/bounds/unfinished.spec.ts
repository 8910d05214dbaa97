import { expect } from "chai";
import { Unfinished } from "../../src/sessions/unfinished";
import { frame, frameHead } from "./frames";

const [textFrame, lastFrame, firstPart, nextPart, ping] = [0x81, 0x80, 0x01, 0x00, 0x89];

function bytesAfter(pieces: readonly Buffer[]): number {
    const unfinished = new Unfinished();
    pieces.forEach((piece) => unfinished.add(piece));
    return unfinished.bytes;
}

function inPiecesOf(length: number, bytes: Buffer): Buffer[] {
    return Array.from({ length: Math.ceil(bytes.length / length) }, (_, index) =>
        bytes.subarray(index * length, (index + 1) * length),
    );
}

describe("what is unfinished of a message", () => {
    const fragments = Buffer.concat([
        frame("one", firstPart),
        frame("between", ping),
        frame("x".repeat(200), nextPart),
        frame("", lastFrame),
    ]);

    it("is nothing after whole ones, in pieces of any length", () => {
        const lengths = [0, 1, 125, 126, 127, 65_535, 65_536, 100_000];
        const all = Buffer.concat([...lengths.map((length) => frame("x".repeat(length))), fragments, frame("", ping)]);
        for (const piece of [1, 2, 3, 7, 64, 65_536, all.length]) {
            expect(bytesAfter(inPiecesOf(piece, all)), `pieces of ${piece}`).to.equal(0);
        }
    });

    it("is what came of one since it began, and what its pieces cost", () => {
        const piece = Buffer.alloc(1_000);
        const begun = bytesAfter([frameHead(100_000, textFrame), piece, piece]);
        expect(begun).to.equal(14 + 2_000 + 3 * 512);
        expect(bytesAfter([fragments.subarray(0, -1)])).to.be.greaterThan(200);
        const pieces = inPiecesOf(1, frame("x".repeat(100)).subarray(0, -1));
        expect(bytesAfter(pieces)).to.equal(105 * 513);
    });

    it("keeps the whole piece of which it is the end", () => {
        const piece = Buffer.concat([frame("x".repeat(50_000)), frame("y").subarray(0, 1)]);
        expect(bytesAfter([piece])).to.equal(piece.length + 512);
        expect(bytesAfter([piece, frame("y").subarray(1)])).to.equal(0);
    });
});
