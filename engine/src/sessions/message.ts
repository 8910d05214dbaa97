/** A message as it came. Whoever waits for its turn keeps this, so that its bytes can be taken away at once. */
export class Message {
    #bytes: Buffer | undefined;
    readonly length: number;

    constructor(bytes: Buffer) {
        this.#bytes = bytes;
        this.length = bytes.length;
    }

    /** Undefined once they are dropped. */
    get bytes(): Buffer | undefined {
        return this.#bytes;
    }

    /** It has been understood, or is of no account any more. */
    drop(): void {
        this.#bytes = undefined;
    }
}
