import { EventEmitter } from "node:events";
import { setImmediate as nextTurn } from "node:timers/promises";
import { expect } from "chai";
import { WebSocket } from "ws";
import { Bounds, type BoundFlag, boundFlags } from "../../src/bounds/bounds";
import { Transport } from "../../src/bounds/transport";
import { BoundedSocket } from "../../src/sessions/boundedSocket";
import { ClientConnection } from "../../src/sessions/clientConnection";
import type { Message } from "../../src/sessions/message";

/** A websocket that opens, closes and buffers as a test says. */
class FakeSocket extends EventEmitter {
    readyState: number = WebSocket.OPEN;
    bufferedAmount = 0;
    isPaused = false;
    isTerminated = false;
    sent = 0;

    // Never leaves.
    send(): void {
        this.sent++;
    }
    close(): void {
        this.readyState = WebSocket.CLOSING;
    }
    terminate(): void {
        this.isTerminated = true;
    }
    pause(): void {
        this.isPaused = true;
    }
    resume(): void {
        this.isPaused = false;
    }
}

class FakeStream extends EventEmitter {
    milliseconds = 0;
    override prependListener(): this {
        return this;
    }
    setTimeout(milliseconds: number): void {
        this.milliseconds = milliseconds;
    }
}

function open(limits: Partial<Record<BoundFlag, number>>) {
    const none = Object.fromEntries(boundFlags.map((flag) => [flag, Infinity])) as Record<BoundFlag, number>;
    const log = { warn: () => undefined, debug: () => undefined };
    const transport = new Transport(new Bounds({ ...none, ...limits }), log as never);
    const websocket = new FakeSocket();
    const stream = new FakeStream();
    const socket = new BoundedSocket(websocket as never, stream as never, "address", transport);
    return { transport, websocket, stream, socket };
}

describe("a socket that is evicted", () => {
    it("gives up the bytes of what waits for its turn, not their count alone", async () => {
        const { websocket, socket } = open({ PendingLimit: 10_000 });
        const session = { connections: new Set(), access: { user: { directory: "d", id: "u" } } };
        const engine = {
            requests: { begin: () => () => undefined },
            countCall: () => undefined,
            library: {},
            audit: {},
        };
        const connection = new ClientConnection(socket, session as never, engine as never);
        const messages: Message[] = [];
        socket.answerWith((message) => {
            messages.push(message);
            return connection.receive(message);
        });
        const request = (text: string) =>
            websocket.emit("message", Buffer.from(JSON.stringify({ id: 1, method: "EngineVersion", params: [text] })));
        request("");
        request("x".repeat(3_000));
        request("x".repeat(3_000));
        await nextTurn();
        await nextTurn();
        expect(messages.map(({ bytes }) => bytes !== undefined)).to.deep.equal([false, true, true]);
        request("x".repeat(9_000));
        expect(websocket.isTerminated).to.equal(true);
        expect(messages.filter(({ bytes }) => bytes !== undefined)).to.deep.equal([]);
        expect(websocket.sent).to.equal(1);
    });
});

describe("a socket that closes", () => {
    it("counts what its client has not read until it is closed, and is waited for no longer than UnreadSeconds", () => {
        const { transport, websocket, stream, socket } = open({ UnreadLimitPerSocket: 1_000, UnreadSeconds: 60 });
        websocket.bufferedAmount = 5_000;
        void socket.send("an answer");
        expect(transport.unread.total).to.equal(5_000);
        websocket.readyState = WebSocket.CLOSING;
        stream.emit("data", Buffer.alloc(0));
        expect(transport.unread.total).to.equal(5_000);
        expect(stream.milliseconds).to.equal(60_000);
        stream.emit("timeout");
        expect(websocket.isTerminated).to.equal(true);
        websocket.emit("close");
        expect(transport.unread.total).to.equal(0);
        expect(stream.milliseconds).to.equal(0);
    });
});
