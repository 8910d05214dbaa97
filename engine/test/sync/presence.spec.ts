import { randomUUID } from "node:crypto";
import { mock } from "node:test";
import { expect } from "chai";
import { createLogs } from "../../src/log";
import { Presence, sourceOf } from "../../src/sync/presence";

describe("the presence of other engines", () => {
    let presence: Presence;
    const hosts = () => presence.engines.map(({ host }) => host);

    beforeEach(() => {
        mock.timers.enable({ apis: ["Date"], now: Date.parse("2030-01-01T00:00:00Z") });
        presence = new Presence(90_000, createLogs({ system: 0, audit: 0 }).system);
    });
    afterEach(() => mock.timers.reset());

    it("is who they are, where, and when they were heard last", () => {
        const id = randomUUID();
        presence.heard(sourceOf("engine2-5f7d", id));
        mock.timers.tick(1_000);
        presence.heard(sourceOf("engine2-5f7d", id));
        expect(presence.engines).to.deep.equal([{ id, host: "engine2-5f7d", lastHeard: "2030-01-01T00:00:01.000Z" }]);
    });

    it("ends with a silence of 90 s, and begins again", () => {
        const [one, two] = [sourceOf("one", randomUUID()), sourceOf("two", randomUUID())];
        presence.heard(one);
        mock.timers.tick(60_000);
        presence.heard(two);
        mock.timers.tick(30_000);
        expect(hosts()).to.deep.equal(["one", "two"]);
        mock.timers.tick(1);
        expect(hosts()).to.deep.equal(["two"]);
        presence.forgetGone();
        presence.heard(one);
        expect(hosts()).to.have.members(["one", "two"]);
    });

    it("is of engines alone, and of no more than 32, whoever names how many", () => {
        for (const sender of [undefined, 7, "", "test", "//host/engine/1", `//a b/engine/${randomUUID()}`]) {
            presence.heard(sender);
        }
        expect(hosts()).to.deep.equal([]);
        presence.heard(sourceOf("real", randomUUID()));
        for (let forged = 0; forged < 5_000; forged++) {
            presence.heard(sourceOf("forged", randomUUID()));
        }
        expect(hosts()).to.have.length(32);
        expect(hosts()[0]).to.equal("real");
        mock.timers.tick(90_001);
        presence.heard(sourceOf("next", randomUUID()));
        expect(hosts(), "forged ones go, too").to.deep.equal(["next"]);
    });
});
