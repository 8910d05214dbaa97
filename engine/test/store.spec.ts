import { type ChildProcess, fork } from "node:child_process";
import { randomUUID } from "node:crypto";
import { once } from "node:events";
import { link, mkdir, readdir, unlink, readFile, stat, utimes, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { mock } from "node:test";
import v8 from "node:v8";
import { expect } from "chai";
import { type DocumentContent, type SavedVersion, UnreadableDocumentError } from "../src/documents/format";
import { DocumentStore, DocumentStoreError, linkOnce } from "../src/documents/store";
import { bundled } from "./bundle";
import { cleanUp, temporaryDirectory } from "./engineProcess";

const saver = join(__dirname, "savingProcess.ts");

const content = (script: string): DocumentContent => ({
    owner: "Personal\\Me",
    created: "2018-02-16T09:48:33.000Z",
    modified: "2018-02-16T09:48:33.000Z",
    script,
    lastReloadTime: "",
    properties: { qTitle: "Stored" },
    data: { tables: [], fieldComments: {}, variables: {} },
});

async function failure(work: Promise<unknown>): Promise<Error> {
    return work.then(
        () => expect.fail("it did not fail"),
        (error: Error) => error,
    );
}

describe("the document store", function () {
    this.timeout(60_000);
    let store: DocumentStore;
    let version1: SavedVersion;
    let directory: string;

    beforeEach(async () => {
        store = new DocumentStore(await temporaryDirectory());
        version1 = await store.create(randomUUID(), content("one"));
        directory = join(store.directory, version1.id);
    });
    afterEach(cleanUp);

    it("asks for room for a large document when the one before it is understood", async () => {
        const large = content("x".repeat(17 * 1024 * 1024));
        const ids = [randomUUID(), randomUUID(), randomUUID()];
        for (const id of ids) {
            await store.create(id, large);
        }
        const steps: string[] = [];
        const statistics = v8.getHeapStatistics();
        mock.method(v8, "getHeapStatistics", () => {
            steps.push("asked");
            return { ...statistics, used_heap_size: 0, heap_size_limit: 4 * 1024 ** 3 };
        });
        const parse = JSON.parse.bind(JSON);
        mock.method(JSON, "parse", (json: string) => {
            steps.push("understood");
            return parse(json) as unknown;
        });
        try {
            await Promise.all(ids.map((id) => store.readNewest(id)));
        } finally {
            mock.restoreAll();
        }
        expect(steps).to.deep.equal(ids.flatMap(() => ["asked", "understood"]));
    });

    it("gives back what was saved", async () => {
        const version2 = await store.save(version1, content("two"));
        expect(version2.version).to.equal(2);
        expect(await store.readNewest(version1.id)).to.deep.equal(version2);
        expect((await stat(join(directory, "0000000002.syncdoc"))).size).to.equal(version2.size);
    });

    it("gives back whatever there is in a document", async () => {
        const rows = Array.from({ length: 20_000 }, (_, index) => [index, `"${index}\n😀`, null]);
        const whole: DocumentContent = {
            ...content('"quotes"'),
            properties: { qTitle: "Whole", list: [1, { a: null }] },
            data: {
                tables: [
                    { name: "A", fields: ["N", "T", "E"], rows },
                    { name: "B", fields: ["N"], rows: [] },
                    { name: "C", fields: ["N"], rows: [[1]] },
                ],
                fieldComments: { N: "a number" },
                variables: { "a b": 1, c: "x" },
            },
        };
        const version2 = await store.save(version1, whole);
        expect(version2.content).to.deep.equal(whole);
        expect(await store.readNewest(version1.id)).to.deep.equal(version2);
    });

    it("keeps the newest version and the one before it", async () => {
        let newest = version1;
        for (const script of ["two", "three", "four"]) {
            newest = await store.save(newest, content(script));
        }
        expect(await readdir(directory)).to.deep.equal(["0000000003.syncdoc", "0000000004.syncdoc"]);
    });

    it("refuses a save from a version that is not the newest, and writes nothing", async () => {
        const version2 = await store.save(version1, content("two"));
        const error = (await failure(store.save(version1, content("stale")))) as DocumentStoreError;
        expect(error).to.be.instanceOf(DocumentStoreError).with.property("reason", "conflict");
        expect(await store.readNewest(version1.id)).to.deep.equal(version2);
        expect(await readdir(directory)).to.deep.equal(["0000000001.syncdoc", "0000000002.syncdoc"]);
    });

    it("refuses a save from a version so old that the number after it is free again", async () => {
        let newest = version1;
        for (const script of ["two", "three", "four"]) {
            newest = await store.save(newest, content(script));
        }
        const error = (await failure(store.save(version1, content("stale")))) as DocumentStoreError;
        expect(error).to.be.instanceOf(DocumentStoreError).with.property("reason", "conflict");
        expect(await readdir(directory)).to.deep.equal(["0000000003.syncdoc", "0000000004.syncdoc"]);
        expect(await store.readNewest(version1.id)).to.deep.equal(newest);
    });

    it("refuses a save from a version that is none on the volume any more, since others were restored", async () => {
        const version2 = await store.save(version1, content("two"));
        const version3 = await store.save(version2, content("three"));
        const refusal = /^Another version was restored in place of version 3/;
        await unlink(join(directory, "0000000003.syncdoc"));
        const before = (await failure(store.save(version3, content("stale")))) as DocumentStoreError;
        expect(before).to.have.property("reason", "conflict");
        expect(before.message).to.match(refusal);

        const other = await store.save(version2, content("the other three"));
        const beside = (await failure(store.save(version3, content("stale")))) as DocumentStoreError;
        expect(beside).to.have.property("reason", "conflict");
        expect(beside.message).to.match(refusal);
        expect(await store.readNewest(version1.id)).to.deep.equal(other);
        expect(await readdir(directory)).to.deep.equal(["0000000002.syncdoc", "0000000003.syncdoc"]);
    });

    it("accepts a save that another engine has built upon before it could look", async () => {
        // The other engine's save, made at the only moment when it can come between: right after ours has its name.
        const other = new DocumentStore(store.directory);
        const look = store.newestVersion.bind(store);
        let built: SavedVersion | undefined;
        store.newestVersion = async (id) => {
            built ??= await other.save(await other.readNewest(id), content("three"));
            return look(id);
        };
        const version2 = await store.save(version1, content("two"));
        expect(built?.ancestors[0]).to.equal(version2.saveId);
        expect((await other.readNewest(version1.id)).version).to.equal(3);
    });

    it("fails a save of a document that is being deleted, and does not bring it back", async () => {
        const version2 = await store.save(version1, content("two"));
        await store.delete(version1.id);
        const error = (await failure(store.save(version2, content("three")))) as DocumentStoreError;
        expect(error).to.be.instanceOf(DocumentStoreError).with.property("reason", "notFound");
        expect(await readdir(store.directory)).to.deep.equal([]);
    });

    it("never writes over a file that lies under the next version's name", async () => {
        const path = join(directory, "0000000002.syncdoc");
        await writeFile(path, "someone else's");
        const error = await failure(store.save(version1, content("two")));
        expect(error).to.be.instanceOf(DocumentStoreError);
        expect(await readFile(path, "utf8")).to.equal("someone else's");
        expect(await failure(store.readNewest(version1.id))).to.be.instanceOf(UnreadableDocumentError);
    });

    it("refuses a version of another format", async () => {
        const path = join(directory, "0000000002.syncdoc");
        const file = await readFile(join(directory, "0000000001.syncdoc"), "utf8");
        await writeFile(path, file.replace("document-sync-document 1", "document-sync-document 2"));
        const error = await failure(store.readNewest(version1.id));
        expect(error.message).to.match(/has document format 2; this engine reads format 1/);
    });

    it("ignores what a crash left behind, and removes it when it is an hour old", async () => {
        const young = join(directory, `.saving-${randomUUID()}`);
        const old = join(directory, `.saving-${randomUUID()}`);
        const oldDocument = join(store.directory, `.creating-${randomUUID()}`);
        const halfDeleted = join(store.directory, `.deleting-${randomUUID()}-${randomUUID()}`);
        const foreign = join(store.directory, "lost+found");
        await Promise.all([oldDocument, halfDeleted, foreign].map((path) => mkdir(path)));
        await Promise.all([young, old].map((path) => writeFile(path, "half of a docu")));
        const twoHoursAgo = new Date(Date.now() - 2 * 60 * 60 * 1000);
        await Promise.all([old, oldDocument].map((path) => utimes(path, twoHoursAgo, twoHoursAgo)));
        expect((await store.list()).ids).to.deep.equal([version1.id]);
        expect(await store.newestVersion(version1.id)).to.equal(1);
        expect(await store.readNewest(version1.id)).to.deep.equal(version1);

        await store.removeAbandoned();
        expect((await readdir(directory)).map((name) => join(directory, name))).to.deep.equal([
            young,
            join(directory, "0000000001.syncdoc"),
        ]);
        expect((await readdir(store.directory)).sort()).to.deep.equal([version1.id, "lost+found"].sort());
    });

    it("takes a link whose answer was lost for what it is: made", async () => {
        // As a network file system does when it repeats a request that had been carried out.
        const temporary = join(directory, ".saving-repeated");
        await writeFile(temporary, "x");
        await link(temporary, join(directory, "target"));
        await linkOnce(temporary, join(directory, "target"));
        expect((await stat(temporary)).nlink).to.equal(2);
    });

    it("lets exactly one of two processes have each version, over and over", async () => {
        const rounds = 100;
        const results = await Promise.all(
            [0, 1].map((name) => savingProcess(store.directory, version1.id, name, rounds)),
        );
        const saved = results.flatMap((result) => result.saved);
        expect(results.map((result) => result.failures)).to.deep.equal([[], []]);
        expect(new Set(saved).size).to.equal(saved.length);
        expect(saved.sort((a, b) => a - b)).to.deep.equal(
            Array.from({ length: saved.length }, (_, index) => index + 2),
        );
        const newest = await store.readNewest(version1.id);
        expect(newest.version).to.equal(saved.length + 1);
        // Every accepted save is in the content that was made from it: none was lost.
        expect(newest.content.script.split(" ")).to.have.length(saved.length + 1);
    });

    it("shows whole versions only, whenever the saving process is killed", async () => {
        for (let round = 0; round < 10; round++) {
            const child = fork(bundled(saver), [store.directory, version1.id, "x", "1000000"]);
            const failed = once(child, "exit").then(([code]) =>
                expect.fail(`savingProcess ended with ${String(code)}`),
            );
            await Promise.race([once(child, "message"), failed]);
            failed.catch(() => undefined);
            await killAfter(child, round * 4);
            const newest = await store.readNewest(version1.id);
            expect(newest.content.script.split(" ")).to.have.length(newest.version);
        }
    });
});

async function savingProcess(directory: string, id: string, name: number, rounds: number) {
    const child = fork(bundled(saver), [directory, id, String(name), String(rounds)]);
    const messages: { saved?: number; failed?: string }[] = [];
    child.on("message", (message) => messages.push(message as { saved?: number; failed?: string }));
    await once(child, "exit");
    return {
        saved: messages.flatMap((message) => message.saved ?? []),
        failures: messages.flatMap((message) => message.failed ?? []),
    };
}

async function killAfter(child: ChildProcess, milliseconds: number): Promise<void> {
    const exit = once(child, "exit");
    setTimeout(() => child.kill("SIGKILL"), milliseconds);
    await exit;
}
