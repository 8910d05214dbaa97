import { bounds } from "./bounds";
import { noThumbnail } from "./head";
import type { ListedVersion } from "./store";

/** A look at the volume takes far less time than so many deletions. */
const mostRemoved = 1_000;

/**
 * The list of documents in memory. Looks at the volume overlap with each other and with what this engine does itself, so
 * what one saw counts by when it began: it can bring back a document that was deleted before, and undo nothing that came
 * after.
 */
export class DocumentList {
    readonly #listed = new Map<string, { readonly document: ListedVersion; readonly since: number }>();
    /** When ids were last removed, the oldest first; and when they last were while listed, or 0. */
    readonly #removed = new Map<string, { readonly at: number; readonly fromList: number }>();
    /** Characters of all thumbnails that are kept. */
    #thumbnails = 0;
    #now = 0;

    /** Counts changes of the list. Read before a look at the volume, and handed to `put` with what it saw. */
    get now(): number {
        return this.#now;
    }

    get ids(): string[] {
        return [...this.#listed.keys()];
    }

    get documents(): ListedVersion[] {
        return [...this.#listed.values()].map(({ document }) => document);
    }

    get(id: string): ListedVersion | undefined {
        return this.#listed.get(id)?.document;
    }

    /**
     * Whether the document was listed, was removed after `since`, and has not come back. One that was not listed may be just
     * appearing.
     *
     * @param since what `now` was
     */
    isRemoved(id: string, since: number): boolean {
        return (this.#removed.get(id)?.fromList ?? 0) > since;
    }

    /** Whether the list has exactly this version. */
    has(id: string, version: number, sha256: string): boolean {
        const document = this.get(id);
        return document?.version === version && document.sha256 === sha256;
    }

    /**
     * @param seen what `now` was when the look began that saw this version.
     * @returns false if the document was deleted meanwhile, or has a newer version by now.
     */
    accepts({ id, version, sha256 }: ListedVersion, seen: number): boolean {
        if (this.has(id, version, sha256)) {
            return true;
        }
        const current = this.#listed.get(id);
        const isOvertaken = current && current.since > seen && current.document.version >= version;
        return !isOvertaken && (this.#removed.get(id)?.at ?? 0) <= seen;
    }

    /** Takes the version over if it is accepted. @param seen as for `accepts`. @returns whether it is. */
    put(document: ListedVersion, seen: number): boolean {
        if (!this.accepts(document, seen)) {
            return false;
        }
        const { id, version, sha256 } = document;
        if (!this.has(id, version, sha256)) {
            this.#removed.delete(id);
            const others = this.#thumbnails - lengthOf(this.get(id));
            const isFull = others + lengthOf(document) > bounds.thumbnails;
            const kept = isFull ? { ...document, thumbnail: noThumbnail } : document;
            this.#thumbnails = others + lengthOf(kept);
            this.#listed.set(id, { document: kept, since: ++this.#now });
        }
        return true;
    }

    remove(id: string): void {
        const at = ++this.#now;
        this.#thumbnails -= lengthOf(this.get(id));
        const fromList = this.#listed.delete(id) ? at : (this.#removed.get(id)?.fromList ?? 0);
        this.#removed.delete(id);
        this.#removed.set(id, { at, fromList });
        for (const oldest of this.#removed.keys()) {
            if (this.#removed.size <= mostRemoved) {
                break;
            }
            this.#removed.delete(oldest);
        }
    }
}

function lengthOf(document: ListedVersion | undefined): number {
    return !document || document.thumbnail === noThumbnail ? 0 : document.thumbnail.length;
}
