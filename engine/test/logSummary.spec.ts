import { mock } from "node:test";
import { expect } from "chai";
import { LogSummary } from "../src/logSummary";

describe("a summary in the log", () => {
    let lines: string[];
    let summary: LogSummary;

    beforeEach(() => {
        mock.timers.enable({ apis: ["setTimeout"] });
        lines = [];
        summary = new LogSummary((what, others) => lines.push(what + others));
    });
    afterEach(() => mock.timers.reset());

    it("is at once of the first, and of the 20,000 after it one line a minute", () => {
        for (let index = 0; index < 20_001; index++) {
            summary.add(`message ${index}`);
        }
        expect(lines).to.deep.equal(["message 0"]);
        mock.timers.tick(60_000);
        expect(lines).to.deep.equal(["message 0", "message 20000 (and 19999 more in the last minute)"]);
        mock.timers.tick(600_000);
        expect(lines, "nothing to say").to.have.length(2);
    });

    it("is at once again after a quiet minute", () => {
        summary.add("a");
        mock.timers.tick(60_000);
        summary.add("b");
        summary.add("c");
        expect(lines).to.deep.equal(["a", "b"]);
        mock.timers.tick(60_000);
        expect(lines).to.deep.equal(["a", "b", "c"]);
    });
});
