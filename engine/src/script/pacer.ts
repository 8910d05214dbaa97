import { setImmediate } from "node:timers/promises";
import { getHeapStatistics } from "node:v8";
import { Fault, ReloadErrorCode } from "./errors";

/** How long a reload may keep the process from anything else. */
const SLICE_MILLISECONDS = 5;
/**
 * A reload that fills the memory must fail alone and not take the process, and with it every session, along. The other
 * half is for lists that grow by being copied, and for writing out what was loaded.
 */
const MAX_HEAP_SHARE = 0.5;

/** Lets other work of the process run between slices of a reload, and ends the reload when it must end. */
export class Pacer {
    #sliceEnd = performance.now() + SLICE_MILLISECONDS;

    constructor(private readonly signal: AbortSignal | undefined) {}

    isDue(): boolean {
        return performance.now() >= this.#sliceEnd;
    }

    /** @throws the signal's reason if it is aborted; Fault if the memory is nearly full */
    async pause(): Promise<void> {
        await setImmediate();
        this.signal?.throwIfAborted();
        const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
        if (used > limit * MAX_HEAP_SHARE) {
            throw new Fault("The engine is out of memory", ReloadErrorCode.outOfMemory, 0);
        }
        this.#sliceEnd = performance.now() + SLICE_MILLISECONDS;
    }
}
