import { once } from "node:events";
import WebSocket from "ws";
import { until } from "./until";

/** A frame as it is on the wire. */
export interface Frame {
    readonly jsonrpc: string;
    readonly id?: unknown;
    readonly method?: string;
    readonly params?: Record<string, unknown>;
    readonly result?: Record<string, unknown>;
    readonly error?: { code: number; parameter: string; message: string };
    readonly change?: number[];
    readonly close?: number[];
}

/** A websocket without any client library, for what enigma.js hides. */
export class RawSocket {
    readonly frames: Frame[] = [];
    closeCode: number | undefined;
    closeReason = "";

    private constructor(private readonly socket: WebSocket) {
        socket.on("message", (data) => this.frames.push(JSON.parse((data as Buffer).toString()) as Frame));
        socket.on("close", (code, reason) => {
            this.closeCode = code;
            this.closeReason = reason.toString();
        });
        // Of one that the engine ends: what tests look at is its close.
        socket.on("error", () => undefined);
    }

    /** Resolves when the engine has greeted. */
    static async open(engine: { url: string }, path: string, headers?: Record<string, string>): Promise<RawSocket> {
        const websocket = new WebSocket(engine.url + path, { headers });
        const socket = new RawSocket(websocket);
        await once(websocket, "open");
        await until("the engine greets", () => socket.frames.length > 0);
        return socket;
    }

    /** What OnConnected said. */
    get state(): unknown {
        return this.frames[0]?.params?.qSessionState;
    }

    send(frame: unknown): void {
        this.socket.send(typeof frame === "string" ? frame : JSON.stringify(frame));
    }

    /** Sends a text in so many frames. */
    sendFragments(text: string, count: number): void {
        const length = Math.max(Math.ceil(text.length / count), 1);
        for (let index = 0; index < count; index++) {
            this.socket.send(text.slice(index * length, (index + 1) * length), { fin: index === count - 1 });
        }
    }

    ping(data: string): void {
        this.socket.ping(data);
    }

    /** Sends a request and waits for its answer. */
    async request(request: Record<string, unknown> & { id: unknown }): Promise<Frame> {
        return this.requestText(JSON.stringify({ jsonrpc: "2.0", ...request }), request.id);
    }

    /** The same of a text. @param id of the answer. */
    async requestText(text: string, id: unknown): Promise<Frame> {
        const known = this.frames.length;
        this.send(text);
        return until(`an answer to ${text.slice(0, 200)}`, () =>
            this.frames.slice(known).find((frame) => frame.id === id),
        );
    }

    /** Reads nothing more, so that what the engine sends piles up on its side. */
    pause(): void {
        this.socket.pause();
    }

    resume(): void {
        this.socket.resume();
    }

    async close(code = 1000): Promise<void> {
        this.socket.close(code);
        await until("the socket is closed", () => this.closeCode !== undefined);
    }
}
