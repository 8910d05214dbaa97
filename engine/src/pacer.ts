import { setImmediate } from "node:timers/promises";
import { isHeapFull, OutOfMemoryError } from "./memory";

/** How long one piece of work may keep the process from anything else. */
const SLICE_MILLISECONDS = 5;

/** Lets other work of the process run between slices of a long one, and ends that one when it must end. */
export class Pacer {
    #sliceEnd = performance.now() + SLICE_MILLISECONDS;

    constructor(private readonly signal?: AbortSignal) {}

    isDue(): boolean {
        return performance.now() >= this.#sliceEnd;
    }

    /** For work that nothing must end. */
    async giveWay(): Promise<void> {
        await setImmediate();
        this.#sliceEnd = performance.now() + SLICE_MILLISECONDS;
    }

    /** @throws the signal's reason if it is aborted; OutOfMemoryError if the memory is nearly full */
    async pause(): Promise<void> {
        await this.giveWay();
        this.signal?.throwIfAborted();
        if (isHeapFull()) {
            throw new OutOfMemoryError();
        }
    }
}
