import { once } from "node:events";
import { type Socket, connect } from "node:net";

const text = 0x81;
const masked = 0x80;

/** The head of a frame, which may promise more than ever comes. The mask is 0, so that content stays as it is. */
export function frameHead(length: number, firstByte = text): Buffer {
    const head = Buffer.alloc(14);
    head[0] = firstByte;
    if (length < 126) {
        head[1] = masked | length;
        return head.subarray(0, 6);
    }
    if (length < 65536) {
        head[1] = masked | 126;
        head.writeUInt16BE(length, 2);
        return head.subarray(0, 8);
    }
    head[1] = masked | 127;
    head.writeBigUInt64BE(BigInt(length), 2);
    return head;
}

export function frame(content: string, firstByte = text): Buffer {
    const bytes = Buffer.from(content);
    return Buffer.concat([frameHead(bytes.length, firstByte), bytes]);
}

/** A websocket as bytes on TCP, to send what no client library would. It reads nothing after the upgrade. */
export async function openStream(engine: { url: string }, path: string): Promise<Socket> {
    const stream = connect(Number(new URL(engine.url).port), "127.0.0.1");
    stream.on("error", () => undefined);
    await once(stream, "connect");
    const upgrade = [`GET ${path} HTTP/1.1`, "Host: x", "Connection: Upgrade", "Upgrade: websocket"];
    const key = ["Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13"];
    stream.write(`${[...upgrade, ...key].join("\r\n")}\r\n\r\n`);
    await once(stream, "readable");
    return stream;
}
