interface Handlers {
    /** Nothing has come back for half of the time: say something, so that there is more than one that should. */
    ask(): void;
    /** Nothing has come back for the whole time. */
    missed(): void;
}

/**
 * Whether what this engine publishes on a connection comes back to it. A broker confirms a message that it routes to nobody,
 * so this alone shows that the way from the exchange to this engine's queue is there.
 *
 * It takes two looks to find an echo missing. A process that was held up for long sees its timers first and only then what
 * has arrived meanwhile.
 */
export class Echo {
    /** By message id, in the order of publishing: whether it must come back by now. */
    readonly #awaited = new Map<string, boolean>();
    #timer: NodeJS.Timeout | undefined;

    constructor(
        private readonly timeoutMilliseconds: number,
        private readonly handlers: Handlers,
    ) {}

    /** A message is being published. */
    sent(id: string): void {
        this.#awaited.set(id, false);
    }

    /** The time of a message that was sent begins, unless it is back already. */
    expect(id: string): void {
        if (this.#awaited.has(id)) {
            this.#awaited.set(id, true);
            this.#timer ??= this.#start();
        }
    }

    /** @returns whether the message is one of those that were sent. */
    cameBack(id: string): boolean {
        if (!this.#awaited.has(id)) {
            return false;
        }
        // A broker keeps the order of one channel, so those before it have come by.
        for (const earlier of this.#awaited.keys()) {
            this.#awaited.delete(earlier);
            if (earlier === id) {
                break;
            }
        }
        clearTimeout(this.#timer);
        this.#timer = [...this.#awaited.values()].includes(true) ? this.#start() : undefined;
        return true;
    }

    /** Nothing is awaited any more. */
    clear(): void {
        this.#awaited.clear();
        clearTimeout(this.#timer);
        this.#timer = undefined;
    }

    #start(): NodeJS.Timeout {
        const half = this.timeoutMilliseconds / 2;
        return setTimeout(() => {
            this.#timer = setTimeout(() => this.handlers.missed(), half);
            this.handlers.ask();
        }, half);
    }
}
