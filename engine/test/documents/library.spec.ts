import { randomUUID } from "node:crypto";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setImmediate as turn, setTimeout as delay } from "node:timers/promises";
import { expect } from "chai";
import pino from "pino";
import { type BoundFlag, Bounds, boundFlags } from "../../src/bounds/bounds";
import { Room } from "../../src/bounds/room";
import { type DocumentContent, encode } from "../../src/documents/format";
import { DocumentLibrary } from "../../src/documents/library";
import type { OpenDocument } from "../../src/documents/openDocument";
import { DocumentStore, DocumentStoreError } from "../../src/documents/store";
import { until } from "../until";

const content = (script: string): DocumentContent => ({
    owner: "",
    created: "2026-01-01T00:00:00.000Z",
    modified: "2026-01-01T00:00:00.000Z",
    script,
    lastReloadTime: "",
    properties: { qTitle: "Sales" },
    data: { tables: [], fieldComments: {}, variables: {} },
});

/** A volume on which looks can be made to fail. */
class Volume extends DocumentStore {
    failures: Error[] = [];
    onList: () => void = () => undefined;

    override newestVersion(id: string): Promise<number | undefined> {
        const failure = this.failures.shift();
        return failure ? Promise.reject(failure) : super.newestVersion(id);
    }

    override async list(): Promise<{ ids: string[]; foreign: string[] }> {
        await turn();
        this.onList();
        return super.list();
    }
}

describe("the library of documents", function () {
    this.timeout(10_000);
    let volume: Volume;
    /** As another engine has it. */
    let other: DocumentStore;
    let library: DocumentLibrary;
    const opened: OpenDocument[] = [];
    const bounds = new Bounds({
        ...(Object.fromEntries(boundFlags.map((flag) => [flag, Infinity])) as Record<BoundFlag, number>),
        OpenLimit: 100_000,
    });
    const room = new Room(bounds, () => opened);

    beforeEach(async () => {
        volume = new Volume(await mkdtemp(join(tmpdir(), "library-")));
        other = new DocumentStore(volume.directory);
        library = new DocumentLibrary(
            volume,
            pino({ level: "silent" }),
            () => undefined,
            (...more) => room.renew(...more),
        );
    });
    afterEach(() => rm(volume.directory, { recursive: true }));

    const failed = () => new DocumentStoreError("failed", "The volume could not be read (ESTALE).");

    it("takes a document over although the volume could not be read at first, and its deletion", async () => {
        const { id, version, size, sha256 } = await other.create(randomUUID(), content("one"));
        volume.failures = [failed(), failed()];
        await library.apply({ type: "com.qlik.v1.app.created", subject: id, data: { version, size, sha256 } });
        await until("the volume's state is known", () => library.find(id) !== undefined);
        await other.delete(id);
        volume.failures = [failed(), failed()];
        await library.apply({ type: "com.qlik.v1.app.deleted", subject: id, data: {} });
        await until("the volume's state is known", () => library.find(id) === undefined);
    });

    it("waits for a document that was deleted before, and is announced again", async () => {
        const saved = await other.create(randomUUID(), content("one"));
        const { id, version, size, sha256 } = saved;
        await library.catchUp();
        await library.delete(id);
        await library.apply({ type: "com.qlik.v1.app.updated", subject: id, data: { version, size, sha256 } });
        await delay(50);
        await mkdir(join(volume.directory, id));
        // As a look at everything does, which sees its directory before what is in it.
        await library.catchUp();
        await delay(50);
        await writeFile(join(volume.directory, id, "0000000001.syncdoc"), Buffer.concat((await encode(saved)).pieces));
        await until("it is listed", () => library.find(id));
    });

    it("shows what the volume shows, while it waits for a version or a deletion that nobody made", async () => {
        const first = await other.create(randomUUID(), content("one"));
        const { id, size, sha256 } = first;
        await library.catchUp();
        const forged = { version: 10 ** 15, size, sha256 };
        await library.apply({ type: "com.qlik.v1.app.updated", subject: id, data: forged });
        const second = await other.save(first, content("two"));
        await until("version 2 is listed", () => library.find(id)?.version === 2);
        await library.apply({ type: "com.qlik.v1.app.deleted", subject: id, data: {} });
        await other.save(second, content("three"));
        await until("version 3 is listed", () => library.find(id)?.version === 3);
    });

    it("leaves an open document as it is, while what another engine saved is beyond OpenLimit", async () => {
        const small = await other.create(randomUUID(), content("one"));
        const large = await other.create(randomUUID(), content("x".repeat(60_000)));
        await library.catchUp();
        const viewer = { documentChanged: () => undefined, documentClosed: () => undefined };
        for (const { id } of [small, large]) {
            opened.push(await library.open(id, viewer));
        }
        await other.save(small, content("y".repeat(60_000)));
        await library.catchUp();
        await library.catchUp();
        expect(opened.map(({ base }) => base.version)).to.deep.equal([1, 1]);
        expect(library.find(small.id)?.version).to.equal(2);
        expect(bounds.refusals("OpenLimit")).to.be.greaterThan(0);
        // One that takes no more room is shown, whatever there is.
        await other.save(large, content("z".repeat(60_000)));
        await library.catchUp();
        expect(opened.map(({ base }) => base.version)).to.deep.equal([1, 2]);
        opened.pop();
        await library.catchUp();
        expect(opened.map(({ base }) => base.version)).to.deep.equal([2]);
    });

    it("looks at everything again for those who asked while a look was failing", async () => {
        const { id } = await other.create(randomUUID(), content("one"));
        let second: Promise<void> | undefined;
        volume.onList = () => {
            volume.onList = () => undefined;
            second = library.catchUp();
            throw failed();
        };
        await library.catchUp();
        await second;
        expect(library.find(id)).to.include({ id });
        volume.onList = () => {
            throw failed();
        };
        expect(await library.catchUp().catch((error: Error) => error.message)).to.equal(failed().message);
    });
});
