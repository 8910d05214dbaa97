/** Counts of observed values by upper bound, as Prometheus has them: a value is in its own bucket and in all wider ones. */
export class Histogram {
    readonly #counts: number[];
    #count = 0;
    #sum = 0;

    /** @param bounds inclusive, ascending, without the infinite one. */
    constructor(private readonly bounds: readonly number[]) {
        this.#counts = bounds.map(() => 0);
    }

    /** Observations since the start. */
    get count(): number {
        return this.#count;
    }

    get sum(): number {
        return this.#sum;
    }

    get buckets(): readonly { readonly upperBound: number; readonly count: number }[] {
        const bounded = this.bounds.map((upperBound, index) => ({ upperBound, count: this.#counts[index] ?? 0 }));
        return [...bounded, { upperBound: Infinity, count: this.#count }];
    }

    observe(value: number): void {
        this.#count++;
        this.#sum += value;
        this.bounds.forEach((bound, index) => {
            if (value <= bound) {
                this.#counts[index]!++;
            }
        });
    }
}
