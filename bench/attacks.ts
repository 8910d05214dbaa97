import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import WebSocket from "ws";
import { connect, type DocApi } from "../engine/test/qixClient";

/** Something that a client may send, over and over until it is stopped. */
export interface Attack {
    readonly name: string;
    /** One round of it. @throws if it could not be sent; what the engine refused for want of room was sent. */
    readonly round: (engine: { url: string }) => Promise<void>;
}

let opened: Promise<DocApi> | undefined;

async function openOwn(engine: { url: string }): Promise<DocApi> {
    const { global } = await connect(engine);
    return global.openDoc((await global.createApp("Attacked")).qAppId);
}

/** QIX's code for what a bound refuses. */
const noRoom = 1015;

/** With a document of the attacker's own, which is opened anew after whatever failed. */
async function withDocument(engine: { url: string }, attack: (app: DocApi) => Promise<void>): Promise<void> {
    try {
        const app = await (opened ??= openOwn(engine));
        await attack(app).catch((error: Error & { code?: unknown }) => {
            if (error.code !== noRoom) throw error;
        });
    } catch (error) {
        opened = undefined;
        throw error;
    }
}

const reload = (name: string, script: string): Attack => ({
    name: `script: ${name}`,
    round: (engine) =>
        withDocument(engine, async (app) => {
            await app.setScript(script);
            await app.doReload();
        }),
});

async function unfinished(engine: { url: string }): Promise<void> {
    const sockets = Array.from({ length: 25 }, () => new WebSocket(`${engine.url}/app/engineData`));
    let open = 0;
    for (const socket of sockets) {
        socket.on("error", () => undefined);
        socket.on("open", () => {
            open++;
            // A frame that never ends its message.
            socket.send(Buffer.alloc(2 ** 20, 32), { fin: false });
        });
    }
    for (let megabyte = 0; megabyte < 95; megabyte++) {
        await delay(20);
        for (const socket of sockets) {
            if (socket.readyState === WebSocket.OPEN) socket.send(Buffer.alloc(2 ** 20, 32), { fin: false });
        }
    }
    for (const socket of sockets) socket.terminate();
    if (open === 0) throw new Error("No socket was opened.");
}

async function unread(engine: { url: string }): Promise<void> {
    const socket = new WebSocket(`${engine.url}/app/engineData/identity/unread-${Math.random()}`);
    socket.on("error", () => undefined);
    await once(socket, "open");
    socket.pause();
    for (let id = 1; id <= 100_000 && socket.readyState === WebSocket.OPEN; id++) {
        socket.send(JSON.stringify({ jsonrpc: "2.0", id, handle: -1, method: "GetProgress", params: [0] }));
        if (id % 5_000 === 0) await delay(50);
    }
    socket.terminate();
}

/** Rows of what was tried on engines of this kind, and hurt them. */
export const attacks: readonly Attack[] = [
    reload("like, quadratic", "LET r = repeat('a',400000) like '*'&repeat('a',200000)&'b'"),
    reload("WildMatch", "LOAD wildmatch(repeat('a',20000),'*'&repeat('a',10000)&'b') AS A AUTOGENERATE 200"),
    reload("long texts", "LOAD upper(repeat('a',900000)&RecNo()) AS A AUTOGENERATE 500"),
    reload("rows without end", "LOAD 1 AS A AUTOGENERATE 1 WHILE 1=1"),
    {
        name: "lists: properties as large as may be, saved and listed",
        round: (engine) =>
            withDocument(engine, async (app) => {
                await app.setAppProperties({ qTitle: "Large", qThumbnail: {}, filler: "x".repeat(400_000) });
                await app.doSave();
                const { global } = await connect(engine);
                await global.getDocList();
            }),
    },
    { name: "messages: 25 that never end, of 95 MB each", round: unfinished },
    { name: "pipeline: 100,000 GetProgress, no answer read", round: unread },
];
