import { setImmediate as turn } from "node:timers/promises";
import { mock } from "node:test";
import { expect } from "chai";
import { Looks } from "../../src/documents/looks";
import { DocumentStoreError } from "../../src/documents/store";

describe("looks at the volume", () => {
    let looks: Looks;
    let told: string[];

    beforeEach(() => {
        mock.timers.enable({ apis: ["setTimeout", "Date"] });
        told = [];
        looks = new Looks({
            missing: (complaint) => told.push(complaint),
            unavailable: () => undefined,
            failed: (error) => told.push(error.message),
            dropped: () => told.push("dropped"),
        });
    });
    afterEach(() => mock.timers.reset());

    /** Lets a second pass, with all that happens in it. */
    async function second(): Promise<void> {
        for (let step = 0; step < 20; step++) {
            mock.timers.tick(50);
            await turn();
        }
    }

    it("end when the volume shows what was announced", async () => {
        let looked = 0;
        looks.begin("a", () => Promise.resolve(++looked === 3), "a did not appear");
        for (let seconds = 0; seconds < 100; seconds++) {
            await second();
        }
        expect(looked).to.equal(3);
        expect(told).to.deep.equal([]);
    });

    it("end after 90 s, with one complaint, and were one a second", async () => {
        let looked = 0;
        looks.begin("a", () => Promise.resolve(++looked === 0), "a did not appear");
        for (let seconds = 0; seconds < 89; seconds++) {
            await second();
        }
        expect(told).to.deep.equal([]);
        expect(looked).to.be.within(80, 110);
        for (let seconds = 0; seconds < 60; seconds++) {
            await second();
        }
        expect(told).to.deep.equal(["a did not appear"]);
    });

    it("go on when the volume can't be read for a while", async () => {
        let looked = 0;
        const stale = new DocumentStoreError("failed", "Document a could not be read (ESTALE).");
        looks.begin("a", () => (++looked < 3 ? Promise.reject(stale) : Promise.resolve(looked === 4)), "");
        await second();
        await second();
        expect(looked).to.equal(4);
        expect(told).to.deep.equal([]);
    });

    it("end when a look fails for another reason", async () => {
        looks.begin("a", () => Promise.reject(new Error("no sense")), "a did not appear");
        await second();
        await second();
        expect(told).to.deep.equal(["no sense"]);
    });

    it("are for one announcement of a document: the newest", async () => {
        const looked: string[] = [];
        const once = (name: string) => () => {
            looked.push(name);
            return Promise.resolve(false);
        };
        looks.begin("a", once("first"), "");
        await second();
        looks.begin("a", once("second"), "");
        const before = looked.length;
        await second();
        await second();
        expect(new Set(looked.slice(before))).to.deep.equal(new Set(["second"]));
    });

    it("keep to the highest version that was announced, and wait for it anew", async () => {
        const looked: string[] = [];
        const begin = (name: string, version?: number) => {
            const once = () => {
                looked.push(name);
                return Promise.resolve(false);
            };
            looks.begin("a", once, `${name} did not appear`, version);
        };
        begin("two", 2);
        for (let seconds = 0; seconds < 80; seconds++) {
            await second();
        }
        begin("one", 1);
        for (let seconds = 0; seconds < 80; seconds++) {
            await second();
        }
        expect(new Set(looked)).to.deep.equal(new Set(["two"]));
        expect(told).to.deep.equal([]);
        begin("three", 3);
        begin("gone");
        begin("one", 1);
        for (let seconds = 0; seconds < 100; seconds++) {
            await second();
        }
        expect(new Set(looked)).to.deep.equal(new Set(["two", "three", "gone", "one"]));
        expect(told).to.deep.equal(["one did not appear"]);
    });

    it("are for 64 documents at most, the newest, and four at a time", async () => {
        const looked = new Set<number>();
        let running = 0;
        let most = 0;
        const once = (index: number) => async () => {
            looked.add(index);
            most = Math.max(most, ++running);
            await turn();
            running--;
            return false;
        };
        for (let index = 0; index < 5_000; index++) {
            looks.begin(`${index}`, once(index), "");
        }
        expect(told).to.deep.equal(Array.from({ length: 5_000 - 64 }, () => "dropped"));
        await second();
        looked.clear();
        for (let seconds = 0; seconds < 5; seconds++) {
            await second();
        }
        expect([...looked].sort()).to.deep.equal(Array.from({ length: 64 }, (_, index) => 4_936 + index));
        expect(most).to.equal(4);
    });
});
