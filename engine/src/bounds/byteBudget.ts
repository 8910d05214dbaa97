import type { BoundFlag, Bounds } from "./bounds";

/** One who holds bytes of a budget. */
export interface Holder {
    /** Gives up all that it holds, for good. */
    evict(sentence: string): void;
}

/**
 * Bytes that all holders share. When they pass the bound, the one that holds the most has to go: whoever asks for little
 * is served on, whatever others hoard.
 */
export class ByteBudget {
    readonly #held = new Map<Holder, number>();
    #total = 0;

    /** @param what is held, for the sentence, such as "messages that wait". */
    constructor(
        private readonly bounds: Bounds,
        private readonly flag: BoundFlag,
        private readonly what: string,
    ) {}

    /** Bytes that are held. */
    get total(): number {
        return this.#total;
    }

    /** Says what a holder holds now. It, or another, may be evicted before this returns. */
    hold(holder: Holder, bytes: number): void {
        const before = this.#held.get(holder) ?? 0;
        this.#set(holder, bytes);
        while (bytes > before && this.#total > this.bounds.limit(this.flag)) {
            const largest = this.#largest();
            this.#set(largest, 0);
            largest.evict(`${this.bounds.refuse(this.flag)} bytes of ${this.what} are reached.`);
        }
    }

    #set(holder: Holder, bytes: number): void {
        this.#total += bytes - (this.#held.get(holder) ?? 0);
        if (bytes > 0) {
            this.#held.set(holder, bytes);
        } else {
            this.#held.delete(holder);
        }
    }

    /** Looked for only when the bound is passed, and each time one holder less is left. */
    #largest(): Holder {
        return [...this.#held].reduce((largest, other) => (other[1] > largest[1] ? other : largest))[0];
    }
}
