import { beyond, checkTextLength, limits, shown } from "./limits";
import type { FieldValue } from "./values";

/** Counts the work of one row or one statement, which nothing interrupts: it must end by itself, and soon. */
export class Meter {
    #spent = 0;

    /** The next row or statement begins. */
    restart(): void {
        this.#spent = 0;
    }

    /**
     * @param units characters that are read or made, or comparisons: some nanoseconds each
     * @throws Fault if it is too much for one step
     */
    spend(units: number): void {
        this.#spent += units;
        if (this.#spent > limits.work) {
            throw beyond(`A row or a statement takes more than ${shown(limits.work)} steps of work`);
        }
    }

    /** Counts a value that was made, or is about to be read. @throws Fault if it is a text that is too long */
    take(value: FieldValue): FieldValue {
        if (typeof value === "string") {
            checkTextLength(value.length);
            this.spend(value.length);
        }
        return value;
    }
}
