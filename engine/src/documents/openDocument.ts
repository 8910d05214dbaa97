import type { DocumentContent, SavedVersion } from "./format";
import { titleOf } from "./head";
import { memoryOf } from "./measure";

/** One who has a document open: a session. */
export interface DocumentViewer {
    /** @param always tell even those who were told already and have not looked since. */
    documentChanged(always: boolean): void;
    documentClosed(): void;
}

/** A reload that is running, or the last one that ran. */
export interface Reload {
    readonly abort: AbortController;
    finished: boolean;
    readonly started: number;
    /** Lines that GetProgress has not handed out yet. */
    lines: string[];
    /** QIX's ErrorData, not handed out yet. */
    errors: Record<string, unknown>[];
}

/** What of a document's content may be large, and is measured when it is changed. */
type Part = "script" | "properties" | "data";
/** Bytes of memory, about. */
type PartBytes = Partial<Record<Part, number>>;
const parts: readonly Part[] = ["script", "properties", "data"];

/** A document in this engine's memory, shared by all of its sessions that have it open. */
export class OpenDocument {
    readonly viewers = new Set<DocumentViewer>();
    reload: Reload | undefined;
    #base: SavedVersion;
    #content: DocumentContent;
    #baseBytes: PartBytes;
    /** Of the parts that were changed. */
    #partBytes: PartBytes = {};
    #pending: Promise<unknown> = Promise.resolve();

    constructor(base: SavedVersion) {
        this.#base = base;
        this.#content = base.content;
        this.#baseBytes = measure(base.content, parts);
    }

    get id(): string {
        return this.#base.id;
    }

    /** The saved version that the content was made from. */
    get base(): SavedVersion {
        return this.#base;
    }

    get content(): DocumentContent {
        return this.#content;
    }

    get hasUnsavedChanges(): boolean {
        return this.#content !== this.#base.content;
    }

    get isReloading(): boolean {
        return this.reload !== undefined && !this.reload.finished;
    }

    get title(): string {
        return titleOf(this.#content.properties);
    }

    /** Bytes of memory, about, that unsaved changes take. */
    get unsavedBytes(): number {
        return this.#unsavedBytes(this.#content, this.#partBytes);
    }

    /** The same of all that there is of the document: the saved version, and unsaved changes. */
    get bytes(): number {
        return sum(this.#baseBytes, parts) + this.unsavedBytes;
    }

    /**
     * A change by a session of this engine, unsaved for now.
     *
     * @param admit is told how many bytes unsaved changes take before and after it, and throws if it may not be.
     */
    change(changes: Partial<DocumentContent>, admit: (before: number, after: number) => void = () => undefined): void {
        const changed = parts.filter((part) => part in changes);
        const partBytes = { ...this.#partBytes, ...measure(changes, changed) };
        admit(this.unsavedBytes, this.#unsavedBytes({ ...this.#content, ...changes }, partBytes));
        this.#partBytes = partBytes;
        this.#content = { ...this.#content, ...changes };
        this.#tell(false);
    }

    /** What was saved becomes the base; what was changed while it was being saved stays unsaved. */
    saved(version: SavedVersion, from: DocumentContent): void {
        const changed = parts.filter((part) => version.content[part] !== this.#base.content[part]);
        this.#baseBytes = { ...this.#baseBytes, ...measure(version.content, changed) };
        this.#base = version;
        this.#content =
            this.#content === from ? version.content : { ...this.#content, modified: version.content.modified };
        this.#tell(false);
    }

    /** Another engine's version takes the place of this one. */
    replace(version: SavedVersion): void {
        this.#baseBytes = measure(version.content, parts);
        this.#base = version;
        this.#content = version.content;
        // Said to everyone, because here it is news even to a session that has not looked since its own last change.
        this.#tell(true);
    }

    /** Runs `work` when all that was handed in before is done, so that saving and replacing never overlap. */
    exclusively<T>(work: () => Promise<T>): Promise<T> {
        const result = this.#pending.then(work);
        this.#pending = result.catch(() => undefined);
        return result;
    }

    #unsavedBytes(content: DocumentContent, partBytes: PartBytes): number {
        const unsaved = parts.filter((part) => content[part] !== this.#base.content[part]);
        return sum(partBytes, unsaved);
    }

    #tell(always: boolean): void {
        for (const viewer of this.viewers) {
            viewer.documentChanged(always);
        }
    }
}

function measure(content: Partial<DocumentContent>, which: readonly Part[]): PartBytes {
    return Object.fromEntries(which.map((part) => [part, memoryOf(content[part])]));
}

function sum(bytes: PartBytes, which: readonly Part[]): number {
    return which.reduce((total, part) => total + (bytes[part] ?? 0), 0);
}
