import { createHash, randomUUID } from "node:crypto";
import { mkdir, readFile, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import fc from "fast-check";
import { type DocumentContent, UnreadableDocumentError } from "../src/documents/format";
import { HeadReader, headOf, toListedHead } from "../src/documents/head";
import { DocumentStore, toListed } from "../src/documents/store";
import { cleanUp, temporaryDirectory } from "./engineProcess";

const content = (properties: Record<string, unknown>, script = ""): DocumentContent => ({
    owner: "Personal\\Me",
    created: "2018-02-16T09:48:33.000Z",
    modified: "2018-02-17T09:48:33.000Z",
    script,
    lastReloadTime: "2018-02-18T09:48:33.000Z",
    properties,
    data: { tables: [{ name: "T", fields: ["A"], rows: [["x".repeat(100_000)]] }], fieldComments: {}, variables: {} },
});

/** As documents were saved before heads were. */
function headless(saved: DocumentContent): string {
    return JSON.stringify({ saveId: randomUUID(), ancestors: [randomUUID()], content: saved });
}

function readInPieces(body: string, length: number): HeadReader {
    const bytes = Buffer.from(body);
    const reader = new HeadReader();
    for (let at = 0; at < bytes.length && !reader.isDone; at += length) {
        reader.push(bytes.subarray(at, at + length));
    }
    return reader;
}

function nested(depth: number): unknown {
    let value: unknown = 1;
    for (let level = 0; level < depth; level++) {
        value = level % 2 ? [value] : { a: value };
    }
    return value;
}

describe("the head of a document", function () {
    this.timeout(60_000);
    afterEach(cleanUp);

    async function storeWith(id: string, body: string): Promise<DocumentStore> {
        const store = new DocumentStore(await temporaryDirectory());
        const sha256 = createHash("sha256").update(body).digest("hex");
        const header = `document-sync-document 1 sha256=${sha256} bytes=${Buffer.byteLength(body)}\n`;
        await mkdir(join(store.directory, id));
        await writeFile(join(store.directory, id, "0000000007.syncdoc"), header + body);
        return store;
    }

    it("is what lists show, and is read alone", async () => {
        const store = new DocumentStore(await temporaryDirectory());
        const saved = await store.create(randomUUID(), content({ qTitle: "T", qThumbnail: { qUrl: "/a.png" } }));
        const listed = await store.readNewestHead(saved.id);
        expect(listed).to.deep.equal(toListed(saved));
        expect(listed).to.deep.include({
            title: "T",
            thumbnail: '{"qUrl":"/a.png"}',
            owner: "Personal\\Me",
            version: 1,
        });
        const path = join(store.directory, saved.id, "0000000001.syncdoc");
        const file = await readFile(path);
        await writeFile(path, file.fill("x", 2_000));
        expect(await store.readNewestHead(saved.id)).to.deep.equal(listed);
    });

    it("leaves the file one that engines before heads read", async () => {
        const store = new DocumentStore(await temporaryDirectory());
        const saved = await store.create(randomUUID(), content({ qTitle: "T" }));
        const file = await readFile(join(store.directory, saved.id, "0000000001.syncdoc"), "utf8");
        expect(file).to.match(/^document-sync-document 1 sha256=[0-9a-f]{64} bytes=\d+\n\{"head":/);
        expect(JSON.parse(file.slice(file.indexOf("\n")))).to.deep.include({
            content: saved.content,
            saveId: saved.saveId,
        });
    });

    it("is found in documents that were saved without one, in whatever pieces they are read", () => {
        const property = fc.property(
            fc.record({
                qTitle: fc.string({ unit: "binary" }),
                qThumbnail: fc.dictionary(fc.string(), fc.jsonValue()),
                other: fc.jsonValue(),
            }),
            fc.string({ unit: "binary" }),
            fc.integer({ min: 1, max: 50 }),
            (properties, script, length) => {
                const body = content(JSON.parse(JSON.stringify(properties)) as Record<string, unknown>, script);
                expect(readInPieces(headless(body), length).result()).to.deep.equal(
                    JSON.parse(JSON.stringify(headOf(body))),
                );
            },
        );
        fc.assert(property, { numRuns: 500 });
    });

    it("is not taken from a script or a property that looks like one", () => {
        const fake = JSON.stringify({ head: { owner: "x" }, content: { owner: "x", properties: { qTitle: "x" } } });
        const body = content(
            { first: { qTitle: "x", content: { owner: "x" } }, list: ["qTitle", { qTitle: "x" }], qTitle: "T" },
            fake,
        );
        expect(readInPieces(headless(body), 7).result()).to.deep.equal(headOf(body));
    });

    it("ends before the data", () => {
        const body = headless(content({ qTitle: "T" }));
        const reader = new HeadReader();
        reader.push(Buffer.from(body.slice(0, body.indexOf('"data"'))));
        expect(reader.isDone).to.equal(true);
    });

    it("takes no more memory for a thumbnail than its text, and leaves out one that escapes make large", () => {
        const { thumbnail } = headOf(content({ qThumbnail: Array.from({ length: 2_186 }, () => ({})) }));
        const head = headOf(content({ qThumbnail: { qUrl: "\u0001".repeat(16_000) } }));
        expect(toListedHead({ ...head, thumbnail }).thumbnail).to.equal(`[${"{},".repeat(2_185)}{}]`);
        expect(toListedHead(head).thumbnail).to.equal("{}");
    });

    for (const [what, properties, title] of [
        ["a thumbnail of 90 MB", { qTitle: "T", qThumbnail: { qUrl: "x".repeat(90_000_000) } }, "T"],
        ["a thumbnail that nests 4,109 deep", { qTitle: "T", qThumbnail: nested(4_109) }, "T"],
        ["a property that nests 4,109 deep", { deep: nested(4_109), qTitle: "T", qThumbnail: {} }, "T"],
        ["a title of 5 MB", { qTitle: "t".repeat(5_000_000), qThumbnail: {} }, "t".repeat(1_000)],
        [
            "a title of 5 MB of escapes",
            { qTitle: '"\\\u0001'.repeat(1_000_000) },
            '"\\\u0001'.repeat(1_000).slice(0, 1_000),
        ],
        ["a title of 5 MB of others' letters", { qTitle: "😀".repeat(1_000_000) }, "😀".repeat(500)],
        ["no properties", {}, ""],
        ["a title that is no text", { qTitle: { a: 1 } }, ""],
    ] as const) {
        it(`is small, and read at once, whatever the document is: ${what}`, async () => {
            const id = randomUUID();
            const store = await storeWith(id, headless(content(properties)));
            const listed = await store.readNewestHead(id);
            expect(listed).to.deep.include({ id, version: 7, title, thumbnail: "{}" });
            expect(JSON.stringify(listed).length).to.be.lessThan(10_000);
            const saved = headOf(content(properties));
            expect([saved.title, saved.thumbnail]).to.deep.equal([title, {}]);
        });
    }

    it("is refused of what is no whole document", async () => {
        const id = randomUUID();
        const store = await storeWith(id, headless(content({ qTitle: "T" })));
        const path = join(store.directory, id, "0000000007.syncdoc");
        const failure = () =>
            store.readNewestHead(id).then(
                () => undefined,
                (error: unknown) => error as Error,
            );
        await truncate(path, 100_000);
        expect(await failure())
            .to.be.instanceOf(UnreadableDocumentError)
            .with.property("message")
            .that.includes("is damaged");
        await writeFile(path, "x".repeat(1_000));
        expect((await failure())?.message).to.match(/is not a document of this engine/);
        for (const body of ["{}", '{"content":{"owner":1}}', '{"head":', "[[[", '"', '{"head":{"owner":"x"}}', ""]) {
            const other = await storeWith(id, body);
            const error = await other.readNewestHead(id).then(
                () => undefined,
                (reason: unknown) => reason,
            );
            expect(error, body).to.be.instanceOf(UnreadableDocumentError);
        }
    });

    it("costs no time by the square of what is before it", () => {
        for (const script of ['"'.repeat(5_000_000), "\\".repeat(5_000_000), "{[,:".repeat(1_000_000)]) {
            const body = headless(content({ qTitle: "T" }, script));
            const started = performance.now();
            expect(readInPieces(body, 65_536).result()?.title).to.equal("T");
            expect(performance.now() - started).to.be.lessThan(3_000);
        }
    });
});
