import { setTimeout as delay } from "node:timers/promises";

/** Waits until `check` gives something true, which is returned; fails with `what` after `seconds`. */
export async function until<T>(what: string, check: () => T | Promise<T>, seconds = 5): Promise<NonNullable<T>> {
    const deadline = Date.now() + seconds * 1000;
    for (;;) {
        const result = await check();
        if (result) {
            return result;
        }
        if (Date.now() > deadline) {
            throw new Error(`Not within ${seconds} s: ${what}.`);
        }
        await delay(10);
    }
}
