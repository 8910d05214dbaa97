import { attacks } from "./attacks";

/** A process of its own, so that what an attack costs its sender is not measured: `attacker.ts URL INDEX`. It goes on until it is ended. */
async function main([url, index]: readonly string[]): Promise<void> {
    const { round } = attacks[Number(index)];
    for (;;) {
        await round({ url }).catch(() => undefined);
        await new Promise((resolve) => setTimeout(resolve, 10));
    }
}

void main(process.argv.slice(2));
