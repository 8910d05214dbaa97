import { OutOfMemoryError } from "../memory";
import { UnreadableDocumentError } from "./format";
import { DocumentStoreError } from "./store";

/** How long a network file system may take to show what another machine has written: its caches live up to 60 s. */
export const visibleWithinMilliseconds = 90_000;
/** At a time; and on that many documents the engine waits. Whoever may publish can announce any number. */
const mostRunning = 4;
const mostWaiting = 64;
const longestPause = 1_000;

/** What an engine waits for on the volume. */
interface Look {
    readonly id: string;
    /** Looks once. @returns whether the volume shows what was announced. */
    readonly once: () => Promise<boolean>;
    /** What to say if it never does. */
    readonly complaint: string;
    /** The announced version; undefined for a deletion. */
    readonly version: number | undefined;
    readonly deadline: number;
    pause: number;
}

interface Handlers {
    /** Announced, and not so on the volume after all that time. */
    missing(complaint: string): void;
    /** A look failed in a way that another may not. */
    unavailable(error: Error): void;
    failed(error: Error): void;
    /** There were too many: an older one was given up. */
    dropped(): void;
}

/** Looks at the volume, again and again, until it shows what other engines have announced. One a document. */
export class Looks {
    /** By document, the oldest first. */
    readonly #waiting = new Map<string, Look>();
    /** Those whose pause is over, in the order of their turns. */
    readonly #due = new Set<Look>();
    #running = 0;

    constructor(private readonly handlers: Handlers) {}

    /**
     * Takes the place of what is waited for on the same document, or else of the oldest if there are too many. Where a higher
     * version is waited for, that one is waited for anew, for announcements may cross.
     *
     * @param version that is announced; none for a deletion
     */
    begin(id: string, once: () => Promise<boolean>, complaint: string, version?: number): void {
        const before = this.#waiting.get(id);
        const isLower = before?.version !== undefined && version !== undefined && version < before.version;
        const awaited = isLower ? before : { id, once, complaint, version };
        const look = { ...awaited, deadline: Date.now() + visibleWithinMilliseconds, pause: 5 };
        this.#end(id);
        this.#waiting.set(id, look);
        const [oldest] = this.#waiting.keys();
        if (this.#waiting.size > mostWaiting && oldest !== undefined) {
            this.#end(oldest);
            this.handlers.dropped();
        }
        this.#due.add(look);
        this.#work();
    }

    #end(id: string): void {
        const look = this.#waiting.get(id);
        if (look) {
            this.#waiting.delete(id);
            this.#due.delete(look);
        }
    }

    #work(): void {
        for (const look of this.#due) {
            if (this.#running >= mostRunning) {
                return;
            }
            void this.#look(look);
        }
    }

    async #look(look: Look): Promise<void> {
        this.#due.delete(look);
        this.#running++;
        const isOver = await this.#isOver(look);
        this.#running--;
        if (this.#isWaitedFor(look)) {
            if (isOver) {
                this.#end(look.id);
            } else {
                this.#lookAgain(look);
            }
        }
        this.#work();
    }

    #lookAgain(look: Look): void {
        setTimeout(() => {
            if (this.#isWaitedFor(look)) {
                this.#due.add(look);
                this.#work();
            }
        }, look.pause);
        look.pause = Math.min(look.pause * 2, longestPause);
    }

    /** Nothing has taken its place meanwhile. */
    #isWaitedFor(look: Look): boolean {
        return this.#waiting.get(look.id) === look;
    }

    async #isOver(look: Look): Promise<boolean> {
        try {
            if (await look.once()) {
                return true;
            }
        } catch (error) {
            if (!isUnavailable(error)) {
                this.handlers.failed(error as Error);
                return true;
            }
            this.handlers.unavailable(error);
        }
        const isLate = Date.now() > look.deadline;
        if (isLate) {
            this.handlers.missing(look.complaint);
        }
        return isLate;
    }
}

/** What may be mended by looking again: a network file system may fail for a while, or show a file before its content. */
function isUnavailable(error: unknown): error is Error {
    return (
        error instanceof DocumentStoreError ||
        error instanceof UnreadableDocumentError ||
        error instanceof OutOfMemoryError
    );
}
