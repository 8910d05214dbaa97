import { setTimeout as sleep } from "node:timers/promises";

/** What to wait for, and how to say that it did not come. */
export interface Expectation<T> {
    /** What should come to be, as a sentence without its full stop: "engine 2 lists the document". */
    readonly what: string;
    /** How long to wait for it, in seconds. */
    readonly within: number;
    /** Reads the present state. What it throws ends the wait. */
    readonly read: () => T | Promise<T>;
    readonly until: (value: T) => boolean;
    /** What has to be in order for it, as a sentence. */
    readonly needs?: string;
}

const pollSeconds = 0.05;

/**
 * Reads until what is read is as it should be, and returns it.
 *
 * @throws Error that says what did not come within which time, what was last seen instead, and what it needs.
 */
export async function eventually<T>({ what, within, read, until, needs }: Expectation<T>): Promise<T> {
    const deadline = performance.now() + within * 1000;
    for (;;) {
        const value = await read();
        if (until(value)) {
            return value;
        }
        if (performance.now() >= deadline) {
            const last = `Not within ${within} s: ${what}. Last seen: ${JSON.stringify(value)}.`;
            throw new Error(needs === undefined ? last : `${last} ${needs}`);
        }
        await sleep(pollSeconds * 1000);
    }
}
