import type { DocumentContent } from "../documents/format";
import type { OpenDocument } from "../documents/openDocument";
import { ErrorCode, QixError } from "../qix/errors";
import type { BoundFlag, Bounds } from "./bounds";

/** Of a file, about: rows of small numbers take the most. */
const memoryAFileByte = 12;

/** The memory for open documents and their unsaved changes. What there is in it is counted whenever it is asked for. */
export class Room {
    /** Sizes of the files that are being read. */
    #opening = 0;
    /** The most memory that those may take which are read beside each other. */
    #reserved = 0;
    /** Settles when the last of those that wait for each other has been read. */
    #turn: Promise<unknown> = Promise.resolve();

    /** @param documents gives those that are open, each once. */
    constructor(
        private readonly bounds: Bounds,
        private readonly documents: () => Iterable<OpenDocument>,
    ) {}

    /** Bytes of memory, about. */
    get unsavedBytes(): number {
        return [...this.documents()].reduce((sum, { unsavedBytes }) => sum + unsavedBytes, 0);
    }

    /** Bytes of memory, about, with unsaved changes and with files that are being read. */
    get openBytes(): number {
        return [...this.documents()].reduce((sum, { bytes }) => sum + bytes, this.#opening);
    }

    /**
     * Opens a document. One that another session has open takes no more room. One at a time is read of those that may not
     * fit beside each other: how much memory a file takes is known when it has been read.
     *
     * @param size of its file, in bytes; undefined if it is not known.
     * @param work opens it; `undo` closes it again if it turns out to be too large.
     * @throws QixError 1015 without room; else what `work` throws.
     */
    async open<T>(id: string, size: number | undefined, work: () => Promise<T>, undo: () => void): Promise<T> {
        const most = (size ?? 0) * memoryAFileByte;
        if (this.#isOpen(id)) {
            return work();
        }
        if (size !== undefined && this.openBytes + this.#reserved + most <= this.bounds.limit("OpenLimit")) {
            this.#reserved += most;
            return this.#read(size, work, undo).finally(() => (this.#reserved -= most));
        }
        const opened = this.#turn.then(() => (this.#isOpen(id) ? work() : this.#read(size ?? 0, work, undo)));
        this.#turn = opened.catch(() => undefined);
        return opened;
    }

    #isOpen(id: string): boolean {
        return [...this.documents()].some((document) => document.id === id);
    }

    async #read<T>(size: number, work: () => Promise<T>, undo: () => void): Promise<T> {
        if (size > 0 && this.openBytes + size > this.bounds.limit("OpenLimit")) {
            throw this.#full("OpenLimit", "open documents", "close some first");
        }
        this.#opening += size;
        const opened = await work().finally(() => (this.#opening -= size));
        if (this.openBytes > this.bounds.limit("OpenLimit")) {
            undo();
            throw this.#full("OpenLimit", "open documents", "close some first");
        }
        return opened;
    }

    /**
     * Reads another version into an open document.
     *
     * @param size of that version's file, in bytes.
     * @returns the flag as it is set, if what that takes more than the document is beyond it: then nothing was done.
     * @throws what `work` throws.
     */
    async renew(document: OpenDocument, size: number, work: () => Promise<void>): Promise<string | undefined> {
        const more = Math.max(0, size - document.bytes);
        if (more > 0 && this.openBytes + more > this.bounds.limit("OpenLimit")) {
            return this.bounds.refuse("OpenLimit");
        }
        this.#opening += more;
        await work().finally(() => (this.#opening -= more));
        return undefined;
    }

    /**
     * Changes a document in memory, where it stays until it is saved.
     *
     * @throws QixError 1015 without room. A change that makes the document's unsaved changes smaller is always taken.
     */
    change(document: OpenDocument, changes: Partial<DocumentContent>): void {
        document.change(changes, (before, after) => {
            const more = after - before;
            if (more > 0 && this.unsavedBytes + more > this.bounds.limit("UnsavedLimit")) {
                throw this.#full("UnsavedLimit", "unsaved changes", "save or close documents first");
            }
            if (more > 0 && this.openBytes + more > this.bounds.limit("OpenLimit")) {
                throw this.#full("OpenLimit", "open documents", "close some first");
            }
        });
    }

    #full(flag: BoundFlag, what: string, remedy: string): QixError {
        const sentence = `${this.bounds.refuse(flag)} bytes of ${what} are reached: ${remedy}.`;
        return new QixError(ErrorCode.sizeExceeded, sentence, "App size exceeded");
    }
}
