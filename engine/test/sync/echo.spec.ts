import { mock } from "node:test";
import { expect } from "chai";
import { Echo } from "../../src/sync/echo";

describe("the echo of what an engine publishes", () => {
    let echo: Echo;
    let told: string[];

    beforeEach(() => {
        mock.timers.enable({ apis: ["setTimeout"] });
        told = [];
        echo = new Echo(5_000, { ask: () => told.push("ask"), missed: () => told.push("missed") });
    });
    afterEach(() => mock.timers.reset());

    /** Sent, and confirmed by the broker. */
    function publish(id: string): void {
        echo.sent(id);
        echo.expect(id);
    }

    it("is awaited from the confirmation, asked after at half time, and missed after 5 s", () => {
        echo.sent("a");
        mock.timers.tick(60_000);
        expect(told, "not before it is confirmed").to.deep.equal([]);
        echo.expect("a");
        mock.timers.tick(2_499);
        expect(told).to.deep.equal([]);
        mock.timers.tick(1);
        expect(told).to.deep.equal(["ask"]);
        mock.timers.tick(2_499);
        expect(told).to.deep.equal(["ask"]);
        mock.timers.tick(1);
        expect(told).to.deep.equal(["ask", "missed"]);
        mock.timers.tick(60_000);
        expect(told, "said once").to.deep.equal(["ask", "missed"]);
    });

    it("that comes ends the wait, before its confirmation, too", () => {
        echo.sent("a");
        expect(echo.cameBack("a")).to.equal(true);
        echo.expect("a");
        publish("b");
        expect(echo.cameBack("b")).to.equal(true);
        mock.timers.tick(60_000);
        expect(told).to.deep.equal([]);
    });

    it("of the answer to the question is enough, since what was published before it has come by", () => {
        publish("a");
        mock.timers.tick(2_500);
        publish("answer");
        expect(echo.cameBack("answer")).to.equal(true);
        mock.timers.tick(60_000);
        expect(told).to.deep.equal(["ask"]);
        expect(echo.cameBack("a"), "no longer awaited").to.equal(false);
    });

    it("of an earlier one does not stand for a later one", () => {
        publish("a");
        publish("b");
        mock.timers.tick(2_000);
        expect(echo.cameBack("a")).to.equal(true);
        mock.timers.tick(2_500);
        mock.timers.tick(2_500);
        expect(told).to.deep.equal(["ask", "missed"]);
    });

    it("is only that of a message that was sent", () => {
        publish("a");
        expect(echo.cameBack("b")).to.equal(false);
        mock.timers.tick(2_500);
        mock.timers.tick(2_500);
        expect(told).to.deep.equal(["ask", "missed"]);
    });

    it("is not awaited any more when the connection has ended, between the two looks neither", () => {
        publish("a");
        mock.timers.tick(2_500);
        echo.clear();
        mock.timers.tick(60_000);
        expect(told).to.deep.equal(["ask"]);
        expect(echo.cameBack("a")).to.equal(false);
    });
});
