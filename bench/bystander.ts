import { setTimeout as delay } from "node:timers/promises";
import { connect } from "../engine/test/qixClient";

/** What a session waited for its answers, in milliseconds. */
export interface Waits {
    readonly calls: number;
    readonly p50: number;
    readonly p99: number;
    readonly longest: number;
}

const pauseMilliseconds = 20;

/** Asks for the version and for the list of documents in turn, as a session of its own, for so long. */
export async function ask(engine: { url: string }, seconds: number): Promise<Waits> {
    const { global, close } = await connect(engine);
    const waits: number[] = [];
    const end = performance.now() + seconds * 1000;
    while (performance.now() < end) {
        const started = performance.now();
        await (waits.length % 2 === 0 ? global.engineVersion() : global.getDocList());
        waits.push(performance.now() - started);
        await delay(pauseMilliseconds);
    }
    await close();
    waits.sort((one, other) => one - other);
    const at = (share: number) => waits[Math.min(waits.length - 1, Math.floor(waits.length * share))];
    return { calls: waits.length, p50: at(0.5), p99: at(0.99), longest: at(1) };
}
