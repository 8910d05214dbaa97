import { expect } from "chai";
import { parseNodes } from "../../../../local/cluster/nodes";
import { describeNodes } from "../../../../local/cluster/settings";

describe("the number of nodes", () => {
    for (const [text, count] of [
        ["1", 1],
        ["3", 3],
        ["9", 9],
    ] as const) {
        it(`is ${count} for ${text}`, () => {
            expect(parseNodes(text)).to.equal(count);
            expect(describeNodes(count)).to.have.lengthOf(count);
        });
    }

    for (const text of ["0", "10", "-1", "1.5", "3e0", "0x3", " 3", "", "three", "٣"]) {
        it(`is refused in a sentence for ${JSON.stringify(text)}`, () => {
            expect(() => parseNodes(text)).to.throw(
                `--nodes must be a whole number from 1 to 9, not ${JSON.stringify(text)}.`,
            );
        });
    }
});
