/** Of a piece of a message, beside its bytes: what node and ws keep for it. Many small pieces must not cost nothing. */
const bytesAPiece = 512;
const firstControlOpcode = 8;

/**
 * Counts what a client has sent of a message that is not finished, by the heads of the frames (RFC 6455, 5.2). The library
 * that reads the frames keeps it, and does not tell.
 */
export class Unfinished {
    readonly #head: number[] = [];
    #payloadLeft = 0;
    #frameBytes = 0;
    #bytes = 0;
    #pieces = 0;

    /** Bytes of memory, about. */
    get bytes(): number {
        return this.#bytes > 0 ? this.#bytes + this.#pieces * bytesAPiece : 0;
    }

    /** Takes what has come from the network next. */
    add(piece: Buffer): void {
        let isMessageFinished = false;
        let offset = 0;
        while (offset < piece.length) {
            const isInPayload = this.#payloadLeft > 0;
            const taken = isInPayload ? Math.min(this.#payloadLeft, piece.length - offset) : 1;
            if (isInPayload) {
                this.#payloadLeft -= taken;
            } else {
                this.#head.push(piece[offset] ?? 0);
                this.#payloadLeft = payloadLength(this.#head) ?? 0;
            }
            offset += taken;
            this.#bytes += taken;
            this.#frameBytes += taken;
            if (this.#payloadLeft === 0 && payloadLength(this.#head) !== undefined) {
                isMessageFinished = this.#endFrame() || isMessageFinished;
            }
        }
        // What is left after a message is the beginning of another one, and keeps the whole piece that it came in.
        if (isMessageFinished && this.#bytes > 0) {
            this.#bytes = piece.length;
            this.#pieces = 0;
        }
        this.#pieces = this.#bytes > 0 ? this.#pieces + 1 : 0;
    }

    /** @returns whether it was a message's last one. */
    #endFrame(): boolean {
        const first = this.#head[0] ?? 0;
        const isControl = (first & 0x0f) >= firstControlOpcode;
        const isLast = !isControl && (first & 0x80) !== 0;
        if (isControl) {
            this.#bytes -= this.#frameBytes;
        } else if (isLast) {
            this.#bytes = 0;
        }
        this.#head.length = 0;
        this.#frameBytes = 0;
        return isLast;
    }
}

/** Of a frame by its head; undefined if the head is not complete. */
function payloadLength(head: readonly number[]): number | undefined {
    const second = head[1];
    if (second === undefined) {
        return undefined;
    }
    const short = second & 0x7f;
    const lengthBytes = short === 126 ? 2 : short === 127 ? 8 : 0;
    const maskBytes = second & 0x80 ? 4 : 0;
    if (head.length < 2 + lengthBytes + maskBytes) {
        return undefined;
    }
    const long = head.slice(2, 2 + lengthBytes).reduce((length, byte) => length * 256 + byte, 0);
    return lengthBytes > 0 ? long : short;
}
