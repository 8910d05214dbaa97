import { Histogram } from "./histogram";

/** Work of one kind: how much of it is under way, and how long that which has ended took, by how it ended. */
export class Activity<Outcome extends string> {
    /** In seconds. */
    readonly durations: ReadonlyMap<Outcome, Histogram>;
    #active = 0;

    constructor(outcomes: readonly Outcome[], secondsBounds: readonly number[]) {
        this.durations = new Map(outcomes.map((outcome) => [outcome, new Histogram(secondsBounds)]));
    }

    /** How much of it is under way. */
    get active(): number {
        return this.#active;
    }

    /** @returns what to call once, when the work has ended. */
    begin(): (outcome: Outcome) => void {
        const started = performance.now();
        this.#active++;
        return (outcome) => {
            this.#active--;
            this.durations.get(outcome)?.observe((performance.now() - started) / 1000);
        };
    }
}
