import { expect } from "chai";
import { isAtLeast } from "../go";

describe("the Go that builds the tools", () => {
    it("is compared by numbers, not by letters", () => {
        expect(isAtLeast("1.25.8", "1.25.8")).to.equal(true);
        expect(isAtLeast("1.25.10", "1.25.8")).to.equal(true);
        expect(isAtLeast("1.26", "1.25.8")).to.equal(true);
        expect(isAtLeast("1.100.0", "1.25.8")).to.equal(true);
        expect(isAtLeast("1.27rc1", "1.25.8")).to.equal(true);
        expect(isAtLeast("1.25", "1.25.8")).to.equal(false);
        expect(isAtLeast("1.9.9", "1.25.8")).to.equal(false);
    });
});
