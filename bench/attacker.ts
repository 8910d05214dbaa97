import { setTimeout as delay } from "node:timers/promises";
import { attacks } from "./attacks";

/** `attacker.ts URL INDEX`, until it is ended. One line on standard output when the first round is over; errors go to standard error. */
async function main([url, index]: readonly string[]): Promise<void> {
    const { round } = attacks[Number(index)];
    let hasBegun = false;
    for (;;) {
        try {
            await round({ url });
            if (!hasBegun) console.log("The first round is over.");
            hasBegun = true;
        } catch (error) {
            // Later ones may be of an engine that defends itself.
            if (!hasBegun) console.error(error instanceof Error ? error.message : error);
        }
        await delay(10);
    }
}

void main(process.argv.slice(2));
