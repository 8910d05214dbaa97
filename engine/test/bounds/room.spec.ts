import { expect } from "chai";
import { Bounds, type BoundFlag, boundFlags } from "../../src/bounds/bounds";
import { Room } from "../../src/bounds/room";
import type { OpenDocument } from "../../src/documents/openDocument";
import { QixError } from "../../src/qix/errors";

describe("documents that are opened at once", () => {
    for (const size of [100, undefined]) {
        it(`are read one at a time, and closed when they turn out too large, with files of ${size} bytes`, async () => {
            const none = Object.fromEntries(boundFlags.map((flag) => [flag, Infinity])) as Record<BoundFlag, number>;
            const documents = new Set<OpenDocument>();
            const room = new Room(new Bounds({ ...none, OpenLimit: 1_000 }), () => documents);
            const known = new Map<string, OpenDocument>();
            let reading = 0;
            let mostReading = 0;
            const open = async (id: string) => {
                const document = known.get(id) ?? ({ id, bytes: 600 } as OpenDocument);
                known.set(id, document);
                const work = async () => {
                    mostReading = Math.max(mostReading, ++reading);
                    await Promise.resolve();
                    reading--;
                    documents.add(document);
                };
                return room.open(id, size, work, () => documents.delete(document)).catch((error: unknown) => error);
            };
            const outcomes = await Promise.all(["a", "b", "c"].map(open));
            expect(mostReading).to.equal(1);
            expect(outcomes[0]).to.equal(undefined);
            expect(outcomes[1]).to.be.instanceOf(QixError).and.to.have.property("code", 1015);
            expect(outcomes[2]).to.be.instanceOf(QixError).and.to.have.property("code", 1015);
            expect([...documents].map(({ id }) => id)).to.deep.equal(["a"]);
            expect(room.openBytes).to.equal(600);
            // The same by two sessions takes room once.
            documents.clear();
            expect(await Promise.all(["d", "d"].map(open))).to.deep.equal([undefined, undefined]);
        });
    }
});
