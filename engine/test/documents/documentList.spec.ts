import { expect } from "chai";
import { DocumentList } from "../../src/documents/documentList";
import type { ListedVersion } from "../../src/documents/store";

describe("the list of documents", () => {
    let list: DocumentList;
    const versions = () => list.documents.map(({ version, sha256 }) => `${version}${sha256}`);
    const document = (version: number, sha256 = "a"): ListedVersion => ({
        ...{
            id: "id",
            version,
            sha256,
            size: 1,
            owner: "",
            modified: "",
            lastReloadTime: "",
            title: "",
            thumbnail: "{}",
        },
    });

    beforeEach(() => {
        list = new DocumentList();
    });

    it("takes what a look saw, also a version before the listed one: it was restored", () => {
        for (const version of [1, 5, 3]) {
            expect(list.put(document(version), list.now)).to.equal(true);
            expect(versions()).to.deep.equal([`${version}a`]);
        }
    });

    it("does not take what a look saw before a later version was listed", () => {
        const seen = list.now;
        list.put(document(5), list.now);
        expect(list.put(document(4), seen)).to.equal(false);
        expect(list.put(document(5, "b"), seen)).to.equal(false);
        expect(list.put(document(6), seen), "a newer one is always one").to.equal(true);
        expect(versions()).to.deep.equal(["6a"]);
    });

    it("does not bring back what was deleted since the look, and does what was restored after it", () => {
        list.put(document(1), list.now);
        const seen = list.now;
        list.remove("id");
        expect(list.put(document(1), seen)).to.equal(false);
        expect(list.put(document(2), seen)).to.equal(false);
        expect(list.isRemoved("id", seen)).to.equal(true);
        expect(versions()).to.deep.equal([]);
        expect(list.put(document(1), list.now)).to.equal(true);
        expect(list.isRemoved("id", seen)).to.equal(false);
        expect(versions()).to.deep.equal(["1a"]);
    });

    it("keeps 16 Mi characters of thumbnails, in the order of documents, and leaves further ones out", () => {
        const put = (index: number, version: number, length: number) =>
            list.put({ ...document(version), id: `${index}`, thumbnail: `"${"x".repeat(length - 2)}"` }, list.now);
        const withThumbnail = () => list.documents.filter(({ thumbnail }) => thumbnail !== "{}").map(({ id }) => id);
        for (let index = 0; index < 1_030; index++) {
            put(index, 1, 16_384);
        }
        expect(list.documents).to.have.length(1_030);
        expect(withThumbnail()).to.deep.equal(Array.from({ length: 1_024 }, (_, index) => `${index}`));
        put(7, 2, 16_384);
        put(1_025, 2, 16_384);
        expect(withThumbnail(), "in the place of its own").to.include("7").and.not.to.include("1025");
        list.remove("8");
        put(9, 2, 8_192);
        put(1_025, 3, 16_384 + 8_192);
        put(1_026, 3, 2);
        expect(withThumbnail()).to.include("1025").and.not.to.include("1026");
    });

    it("tells of a deletion to those who looked before it, of a document that was listed", () => {
        list.put(document(1), list.now);
        const before = list.now;
        list.remove("id");
        const after = list.now;
        list.remove("id");
        expect([list.isRemoved("id", before), list.isRemoved("id", after)]).to.deep.equal([true, false]);
        list.remove("never listed");
        expect(list.isRemoved("never listed", 0)).to.equal(false);
    });

    it("keeps no more than the last thousand deletions, of documents that there never were neither", () => {
        const ids = Array.from({ length: 5_000 }, (_, index) => `${index}`);
        const seen = list.now;
        ids.forEach((id) => list.remove(id));
        const kept = ids.filter((id) => !list.accepts({ ...document(1), id }, seen));
        expect(kept).to.have.length(1_000);
        expect(kept[0]).to.equal("4000");
    });
});
