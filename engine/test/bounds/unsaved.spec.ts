import { expect } from "chai";
import { memoryOf } from "../../src/documents/measure";
import { type EngineProcess, cleanUp, startEngine, startSmallEngine, temporaryDirectory } from "../engineProcess";
import { scrape } from "../metricsPort";
import { type Frame, RawSocket } from "../socket";

const mebibyte = 1024 * 1024;
const sentence = (limit: number) =>
    `UnsavedLimit=${limit} bytes of unsaved changes are reached: save or close documents first.`;

describe("unsaved changes", function () {
    this.timeout(60_000);
    let engine: EngineProcess;
    afterEach(cleanUp);

    async function openNew(path: string): Promise<RawSocket> {
        const socket = await RawSocket.open(engine, path);
        const created = await socket.request({ id: 1, method: "CreateApp", handle: -1, params: ["App"] });
        await socket.request({ id: 2, method: "OpenDoc", handle: -1, params: [created.result?.qAppId] });
        return socket;
    }
    const call = (socket: RawSocket, method: string, ...params: unknown[]): Promise<Frame> =>
        socket.request({ id: 3, method, handle: 1, params });
    const unsaved = async () => (await scrape(engine)).samples.document_sync_unsaved_bytes;

    it("are refused beyond UnsavedLimit: 24 sessions that outlived their sockets with 45 MB each ended the engine", async () => {
        engine = await startSmallEngine(await temporaryDirectory(), 96, `UnsavedLimit=${32 * mebibyte}`);
        let taken = 0;
        for (let index = 0; index < 24; index++) {
            const socket = await openNew(`/app/${index}/ttl/1800`);
            // Each has characters of its own, so that no two texts are one in memory.
            const answer = await call(socket, "SetScript", String.fromCharCode(65 + index).repeat(6 * mebibyte));
            if (answer.error) {
                expect(answer.error).to.deep.equal({
                    code: 1015,
                    parameter: sentence(32 * mebibyte),
                    message: "App size exceeded",
                });
            } else {
                taken++;
            }
            await socket.close();
        }
        expect(taken).to.equal(2);
        expect(await unsaved())
            .to.be.greaterThan(24 * mebibyte - 1)
            .and.lessThan(32 * mebibyte);
        // What was taken is there, and saving it makes room.
        const kept = await RawSocket.open(engine, "/app/0/ttl/1800");
        await kept.request({ id: 1, method: "GetActiveDoc", handle: -1, params: [] });
        const script = (await call(kept, "GetScript")).result?.qScript as string;
        expect(script.length).to.equal(6 * mebibyte);
        expect((await call(kept, "DoSave")).error).to.equal(undefined);
        const next = await openNew("/app/next");
        expect((await call(next, "SetScript", "y".repeat(6 * mebibyte))).error).to.equal(undefined);
    });

    it("may always get smaller, and are nothing once they are saved or closed", async () => {
        engine = await startEngine(await temporaryDirectory(), "UnsavedLimit=100000");
        const socket = await openNew("/app/1");
        const other = await openNew("/app/2");
        expect(await unsaved()).to.equal(0);
        expect((await call(socket, "SetScript", "x".repeat(30_000))).error).to.equal(undefined);
        expect((await call(other, "SetScript", "x".repeat(15_000))).error).to.equal(undefined);
        expect((await call(other, "SetAppProperties", { text: "x".repeat(10_000) })).error?.parameter).to.equal(
            sentence(100_000),
        );
        expect((await call(other, "GetAppProperties")).result?.qProp).not.to.have.property("text");
        expect((await call(socket, "SetScript", "x".repeat(20_000))).error).to.equal(undefined);
        expect((await call(socket, "SetScript", "x".repeat(60_000))).error?.code).to.equal(1015);
        expect((await call(socket, "GetScript")).result?.qScript).to.equal("x".repeat(20_000));
        expect((await call(socket, "DoSave")).error).to.equal(undefined);
        expect(await unsaved())
            .to.be.greaterThan(30_000)
            .and.lessThan(31_000);
        await other.close();
        expect(await unsaved()).to.equal(0);
    });

    it("of a reload are refused, too, and leave the document as it was", async () => {
        engine = await startEngine(await temporaryDirectory(), "UnsavedLimit=200000");
        const socket = await openNew("/app/1");
        const reload = async (rows: number) => {
            await call(socket, "SetScript", `LOAD RecNo() AS A AUTOGENERATE ${rows};`);
            return call(socket, "DoReload");
        };
        expect((await reload(100)).result).to.deep.equal({ qReturn: true });
        expect((await reload(10_000)).error).to.deep.equal({
            code: 1015,
            parameter: sentence(200_000),
            message: "App size exceeded",
        });
        const tables = (await call(socket, "GetTablesAndKeys", {}, {}, 0, true, false)).result?.qtr as object[];
        expect(tables).to.have.length(1);
        expect(tables[0]).to.include({ qNoOfRows: 100 });
        expect((await reload(50)).result).to.deep.equal({ qReturn: true });
    });

    it("that are saved count as open documents, until they are closed, and those have OpenLimit", async () => {
        engine = await startEngine(await temporaryDirectory(), "OpenLimit=100000");
        const first = await openNew("/app/1");
        const open = async () => (await scrape(engine)).samples.document_sync_open_bytes ?? 0;
        const empty = await open();
        expect(empty).to.be.greaterThan(0).and.lessThan(10_000);
        const full = "OpenLimit=100000 bytes of open documents are reached: close some first.";
        expect((await call(first, "SetScript", "x".repeat(35_000))).error).to.equal(undefined);
        expect(await open()).to.equal(empty + 70_008);
        expect((await call(first, "DoSave")).error).to.equal(undefined);
        expect(await open())
            .to.be.greaterThan(70_000)
            .and.lessThan(empty + 70_008);
        // Of another session it takes no room of its own; and what is open grows no further than any other.
        const second = await openNew("/app/2");
        expect((await call(second, "SetScript", "x".repeat(15_000))).error?.parameter).to.equal(full);
        expect((await call(first, "SetScript", "x".repeat(15_000))).error?.parameter).to.equal(full);
        const saved = (await first.request({ id: 9, method: "GetDocList", handle: -1, params: [] })).result
            ?.qDocList as { qDocId: string; qFileSize: number }[];
        const large = saved.find((entry) => entry.qFileSize > 35_000)?.qDocId;
        const third = await RawSocket.open(engine, "/app/3");
        const opening = () => third.request({ id: 1, method: "OpenDoc", handle: -1, params: [large] });
        expect((await opening()).error).to.equal(undefined);
        await first.close();
        await third.close();
        expect(await open()).to.be.lessThan(10_000);
        expect((await call(second, "SetScript", "x".repeat(35_000))).error).to.equal(undefined);
        const fourth = await RawSocket.open(engine, "/app/4");
        const refused = await fourth.request({ id: 1, method: "OpenDoc", handle: -1, params: [large] });
        expect(refused.error).to.deep.equal({ code: 1015, parameter: full, message: "App size exceeded" });
        await second.close();
        const later = await fourth.request({ id: 1, method: "OpenDoc", handle: -1, params: [large] });
        expect(later.error).to.equal(undefined);
    });

    it("are measured without recursion, however deep they are, and as large as their texts are", () => {
        let deep: unknown = "end";
        for (let depth = 0; depth < 100_000; depth++) {
            deep = depth % 2 ? [deep] : { deep };
        }
        expect(memoryOf(deep)).to.be.greaterThan(100_000 * 32);
        expect(memoryOf("x".repeat(1_000))).to.equal(2_008);
        expect(memoryOf([1, "ab", null, [true]])).to.equal(40 + 8 + 12 + 8 + 40 + 8);
        expect(memoryOf({ a: "b" })).to.equal(40 + 8 + 2 + 10);
    });
});
