import { expect } from "chai";
import { eventually } from "../../../scenario/eventually";

describe("eventually", () => {
    it("gives what it waited for", async () => {
        let reads = 0;
        const value = await eventually({ what: "three reads", within: 5, read: () => ++reads, until: (n) => n === 3 });
        expect(value).to.equal(3);
    });

    it("says what did not come, by when, what came instead, and what it needs", async () => {
        const failure = await eventually({
            what: "the list is long",
            within: 0.1,
            read: () => ["a"],
            until: (list) => list.length > 1,
            needs: "Is anybody there?",
        }).then(String, (error: Error) => error.message);
        expect(failure).to.equal('Not within 0.1 s: the list is long. Last seen: ["a"]. Is anybody there?');
    });

    it("does not wait on when reading fails", async () => {
        const failure = await eventually({
            what: "an answer",
            within: 60,
            read: () => Promise.reject<number>(new Error("gone")),
            until: () => true,
        }).then(String, (error: Error) => error.message);
        expect(failure).to.equal("gone");
    });
});
