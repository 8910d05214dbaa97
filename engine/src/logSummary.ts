const minute = 60_000;

/** Says at once what happened, and of all that happens in the minute after it the last, with how many there were besides. */
export class LogSummary {
    #last = "";
    #count = 0;
    #timer: NodeJS.Timeout | undefined;

    /** @param write writes the line, of what happened last and how many there were besides, which is empty for none. */
    constructor(private readonly write: (what: string, others: string) => void) {}

    add(what: string): void {
        this.#last = what;
        this.#count++;
        if (!this.#timer) {
            this.#say();
        }
    }

    #say(): void {
        this.#timer = undefined;
        if (this.#count > 0) {
            this.write(this.#last, this.#count > 1 ? ` (and ${this.#count - 1} more in the last minute)` : "");
            this.#count = 0;
            this.#timer = setTimeout(() => this.#say(), minute).unref();
        }
    }
}
