import { compileWildcard, type Wildcard } from "../wildcard";
import type { Meter } from "./meter";

/** Compares by wildcards at one place in the script, where the pattern is nearly always the same for all rows. */
export class Likeness {
    #pattern: string | undefined;
    #matches: Wildcard = () => false;
    readonly #spend: (comparisons: number) => void;

    constructor(meter: Meter) {
        this.#spend = (comparisons) => meter.spend(comparisons);
    }

    /** @throws Fault if it takes too many comparisons */
    holds(text: string, pattern: string): boolean {
        if (pattern !== this.#pattern) {
            this.#matches = compileWildcard(pattern);
            this.#pattern = pattern;
        }
        return this.#matches(text, this.#spend);
    }
}
