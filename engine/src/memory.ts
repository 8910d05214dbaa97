import { getHeapStatistics } from "node:v8";

/**
 * What would fill the memory must fail alone and not take the process, and with it every session, along. The other half is
 * for lists that grow by being copied, and for writing out what was loaded.
 */
const MAX_HEAP_SHARE = 0.5;
/**
 * What V8 counts in the heap's limit for young objects, on 64 bits at most. What is kept grows old, and the process ends when there is no room
 * among the old ones.
 */
const YOUNG_GENERATION_BYTES = 192 * 1024 * 1024;

/** The engine has no memory left for a piece of work. */
export class OutOfMemoryError extends Error {
    constructor() {
        super("The engine is out of memory");
    }
}

/** @param more bytes that are about to be needed */
export function isHeapFull(more = 0): boolean {
    const { used_heap_size: used, heap_size_limit: limit } = getHeapStatistics();
    const oldLimit = Math.max(limit - YOUNG_GENERATION_BYTES, limit / 4);
    return used + more > oldLimit * MAX_HEAP_SHARE;
}
