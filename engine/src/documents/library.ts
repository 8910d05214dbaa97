import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../log";
import { LogSummary } from "../logSummary";
import type { DocumentSaved, SyncEvent } from "../sync/events";
import { DocumentList } from "./documentList";
import { type DocumentContent, type SavedVersion, UnreadableDocumentError } from "./format";
import { Looks, visibleWithinMilliseconds } from "./looks";
import { type DocumentViewer, OpenDocument } from "./openDocument";
import { type DocumentStore, DocumentStoreError, type ListedVersion, isDocumentId, toListed } from "./store";

/** Milliseconds between looks at everything, while announcements that were dropped may still become visible. */
const firstCatchUpPause = 1_000;
const longestCatchUpPause = 30_000;

/**
 * The documents that this engine knows: a list in memory, and those that sessions have open.
 *
 * Both change by this engine's own doing and by other engines' events. The volume is read when a document is opened, when
 * an event says that there is something new, and by `catchUp`. For the list no more than a document's head is read. What the
 * volume shows last is true, also if that is a document that was deleted or a version that was overtaken: somebody has restored it.
 */
export class DocumentLibrary {
    /** How often a document was read into memory for a viewer, by how that went: `corrupt` is one that can't be understood. */
    readonly loads = { ok: 0, corrupt: 0, fail: 0 };
    readonly #list = new DocumentList();
    readonly #open = new Map<string, Promise<OpenDocument>>();
    readonly #looks: Looks;
    /** Of open documents with changes, or without room: the hash of another version, which was seen and not taken over. */
    readonly #contended = new WeakMap<OpenDocument, string>();
    /** What was said of single documents and files at the last look, which is not said again at each. */
    #said = new Map<string, string>();
    /** Until when announcements that were dropped may still become visible. */
    #droppedUntil = 0;
    #catchUp: { readonly done: Promise<void>; again: boolean } | undefined;

    constructor(
        readonly store: DocumentStore,
        private readonly log: Log,
        private readonly announce: (event: SyncEvent) => void,
        /** As `Room.renew`. */
        private readonly renew: (
            document: OpenDocument,
            size: number,
            work: () => Promise<void>,
        ) => Promise<string | undefined>,
    ) {
        const seconds = visibleWithinMilliseconds / 1000;
        const missing = new LogSummary((what, others) =>
            log.error(
                `Announced by another engine, but not so in ${store.directory} after ${seconds} s: ${what}${others}.`,
            ),
        );
        const failed = new LogSummary((what, others) => log.error(`${what}${others}`));
        this.#looks = new Looks({
            missing: (complaint) => missing.add(complaint),
            unavailable: (error) => log.debug(error.message),
            failed: (error) => failed.add(error.message),
            dropped: () => this.#makeUp(),
        });
    }

    list(): readonly ListedVersion[] {
        return this.#list.documents;
    }

    find(id: string): ListedVersion | undefined {
        return this.#list.get(id);
    }

    async create(content: DocumentContent): Promise<SavedVersion> {
        const version = await this.store.create(randomUUID(), content);
        this.#list.put(toListed(version), this.#list.now);
        this.announce(savedEvent("com.qlik.v1.app.created", version));
        return version;
    }

    /** The document for this viewer, read from the volume unless another viewer has it open already. */
    async open(id: string, viewer: DocumentViewer): Promise<OpenDocument> {
        let opening = this.#open.get(id);
        if (!opening) {
            opening = this.#load(id);
            this.#open.set(id, opening);
            opening.catch(() => this.#open.delete(id));
        }
        const document = await opening;
        if (this.#open.get(id) !== opening) {
            // Its last viewer left it meanwhile: nothing would reach it any more.
            return this.open(id, viewer);
        }
        document.viewers.add(viewer);
        return document;
    }

    /** The viewer is done; when it was the last one, unsaved changes are gone and a running reload is cancelled. */
    close(document: OpenDocument, viewer: DocumentViewer): void {
        document.viewers.delete(viewer);
        if (document.viewers.size === 0) {
            document.reload?.abort.abort();
            this.#open.delete(document.id);
        }
    }

    /** Saves unsaved changes as the next version. On failure they stay unsaved, in memory. */
    async save(document: OpenDocument): Promise<void> {
        const seen = this.#list.now;
        const version = await document.exclusively(async () => {
            if (!document.hasUnsavedChanges) {
                return undefined;
            }
            const { base, content } = document;
            const saved = await this.store.save(base, { ...content, modified: new Date().toISOString() });
            document.saved(saved, content);
            const isReloaded = content.lastReloadTime !== base.content.lastReloadTime;
            this.announce(savedEvent(isReloaded ? "com.qlik.v1.app.data.updated" : "com.qlik.v1.app.updated", saved));
            return saved;
        });
        if (version) {
            // Not this document alone: its session may have ended meanwhile, and another opened the version before.
            await this.#show(toListed(version), seen);
        }
    }

    /** As listed, or as on the volume if it isn't in the list yet. @throws DocumentStoreError; UnreadableDocumentError. */
    async describe(id: string): Promise<ListedVersion> {
        return this.#list.get(id) ?? this.#read(id, () => this.store.readNewestHead(id));
    }

    /** @param id of a document that `describe` knows. */
    async delete(id: string): Promise<void> {
        await this.store.delete(id);
        this.announce({ type: "com.qlik.v1.app.deleted", subject: id, data: {} });
        await this.#forget(id);
    }

    /** Takes over what another engine says it did to a document, when the volume shows it. */
    async apply(event: SyncEvent): Promise<void> {
        switch (event.type) {
            case "com.qlik.v1.app.created":
            case "com.qlik.v1.app.updated":
            case "com.qlik.v1.app.data.updated":
                if (isDocumentId(event.subject)) {
                    this.#takeOver(event.subject, event.data);
                }
                break;
            case "com.qlik.v1.app.deleted":
                if (isDocumentId(event.subject)) {
                    this.#takeOverDeletion(event.subject);
                }
                break;
            case "document-sync.engine.connected":
                await this.catchUp();
                break;
            case "document-sync.rules.changed":
                break;
        }
    }

    /** Compares the list and the open documents with the volume. Calls made while one is running share one more run. */
    catchUp(): Promise<void> {
        const running = this.#catchUp;
        if (running) {
            running.again = true;
            return running.done;
        }
        const run = async () => {
            let failure: Error | undefined;
            do {
                if (failure) {
                    this.log.error(failure.message);
                }
                state.again = false;
                // Whoever asks meanwhile has something else to look for, and this failure is not theirs.
                failure = await this.#compareWithVolume().then(
                    () => undefined,
                    (error: Error) => error,
                );
            } while (state.again);
            if (failure) {
                throw failure;
            }
        };
        const state = { done: Promise.resolve(), again: false };
        state.done = run().finally(() => (this.#catchUp = undefined));
        this.#catchUp = state;
        return state.done;
    }

    /** A version that came while this engine was reloading is taken over when the reload left nothing to save. */
    async refresh(document: OpenDocument): Promise<void> {
        const newest = this.#list.get(document.id);
        const isOther = newest && newest.version !== document.base.version;
        if ((isOther || this.#contended.has(document)) && !document.hasUnsavedChanges) {
            await this.#compare(document.id).catch((error: Error) => this.log.error(error.message));
        }
    }

    /** Documents that sessions have open. */
    openIds(): string[] {
        return [...this.#open.keys()];
    }

    async #load(id: string): Promise<OpenDocument> {
        try {
            const document = new OpenDocument(await this.#read(id, () => this.store.readNewest(id)));
            this.loads.ok++;
            return document;
        } catch (error) {
            this.loads[error instanceof UnreadableDocumentError ? "corrupt" : "fail"]++;
            throw error;
        }
    }

    async #read<T>(id: string, read: () => Promise<T>): Promise<T> {
        if (!isDocumentId(id)) {
            if (await this.store.isForeign(id)) {
                throw new UnreadableDocumentError(
                    `${id} is a file of Qlik's own engine, which this stand-in does not read.`,
                );
            }
            throw new DocumentStoreError("notFound", `There is no document ${id}.`);
        }
        return read();
    }

    #takeOver(id: string, announced: DocumentSaved): void {
        const began = this.#list.now;
        const look = async () => {
            const seen = this.#list.now;
            const newest = await this.store.newestVersion(id);
            const listed = this.#list.get(id);
            if (newest === undefined) {
                if (listed) {
                    await this.#forget(id);
                }
                // One that is deleted meanwhile is waited for no more.
                return this.#list.isRemoved(id, began);
            }
            // First the name alone: a document may be large, and an announcement wrong.
            if (newest < announced.version && !isNewer(newest, listed)) {
                return false;
            }
            if (newest === announced.version && this.#list.has(id, newest, announced.sha256)) {
                return true;
            }
            const version = await this.store.readNewestHead(id);
            const isAnnounced = version.version === announced.version && version.sha256 === announced.sha256;
            const isThere = isAnnounced || version.version > announced.version;
            // What is announced may never come. What came until now must not wait for it.
            if (isThere || isNewer(version.version, listed)) {
                await this.#show(version, seen);
            }
            return isThere;
        };
        this.#looks.begin(id, look, `version ${announced.version} of document ${id} did not appear`, announced.version);
    }

    /** A document is deleted when it is no longer on the volume, whoever says what. */
    #takeOverDeletion(id: string): void {
        const look = async () => {
            const seen = this.#list.now;
            const newest = await this.store.newestVersion(id);
            const listed = this.#list.get(id);
            if (newest === undefined) {
                await this.#forget(id);
            } else if (listed && isNewer(newest, listed)) {
                await this.#show(await this.store.readNewestHead(id), seen);
            }
            return newest === undefined;
        };
        this.#looks.begin(id, look, `document ${id} did not go and stays as it is`);
    }

    /** More was announced at once than is waited for singly: what it was is found by looking at everything. */
    #makeUp(): void {
        const isAtIt = Date.now() < this.#droppedUntil;
        this.#droppedUntil = Date.now() + visibleWithinMilliseconds;
        if (!isAtIt) {
            void this.#catchUpUntilVisible();
        }
    }

    async #catchUpUntilVisible(): Promise<void> {
        for (
            let pause = firstCatchUpPause;
            Date.now() < this.#droppedUntil;
            pause = Math.min(pause * 2, longestCatchUpPause)
        ) {
            await delay(pause);
            await this.catchUp().catch((error: Error) => this.log.error(error.message));
        }
    }

    /**
     * Puts the newest version on the volume into the document, if it is open, and into the list.
     *
     * @param seen the list's `now` when the look began that saw it.
     * @throws as the store does, if the document is open and can't be read
     */
    async #show(version: ListedVersion, seen: number): Promise<void> {
        const { id } = version;
        if (!this.#list.accepts(version, seen)) {
            return;
        }
        const document = await this.#open.get(id)?.catch(() => undefined);
        await document?.exclusively(async () => {
            if (!(await this.#isNews(version, document.base))) {
                return;
            }
            const { base } = document;
            if (document.hasUnsavedChanges || document.isReloading) {
                if (this.#contended.get(document) === version.sha256) {
                    return;
                }
                this.#contended.set(document, version.sha256);
                const what = version.version > base.version ? "saved by another engine" : "restored on the volume";
                this.log.warn(
                    `Document ${id} was ${what} as version ${version.version} while it has unsaved changes here, ` +
                        `made from version ${base.version}: they stay, and saving them will be refused.`,
                );
                return;
            }
            const bound = await this.renew(document, version.size, async () => {
                const newest = await this.store.readNewest(id);
                // Meanwhile a session may have changed the document, or begun a reload.
                if (!document.hasUnsavedChanges && !document.isReloading) {
                    this.#contended.delete(document);
                    document.replace(newest);
                }
            });
            if (bound !== undefined && this.#contended.get(document) !== version.sha256) {
                // The next look at everything tries again.
                this.#contended.set(document, version.sha256);
                this.log.warn(
                    `Version ${version.version} of document ${id} would take open documents beyond ${bound} bytes: ` +
                        `sessions keep version ${base.version} until there is room, and saving it will be refused.`,
                );
            }
        });
        // Last, because what is in the list is not looked for again.
        this.#list.put(version, seen);
    }

    /** A version before the open one is, if it is the newest on the volume still: then it was restored. */
    async #isNews(version: ListedVersion, base: SavedVersion): Promise<boolean> {
        if (version.version < base.version) {
            return (await this.store.newestVersion(version.id)) === version.version;
        }
        return version.version > base.version || version.sha256 !== base.sha256;
    }

    /** It is gone from the volume. */
    async #forget(id: string): Promise<void> {
        this.#list.remove(id);
        const document = await this.#open.get(id)?.catch(() => undefined);
        for (const viewer of document ? [...document.viewers] : []) {
            viewer.documentClosed();
        }
    }

    async #compareWithVolume(): Promise<void> {
        const { ids, foreign } = await this.store.list();
        const said = new Map<string, string>();
        for (const id of new Set([...ids, ...this.#list.ids, ...this.#open.keys()])) {
            await this.#compare(id).catch((error: Error) => {
                // One that can't be read must not hide the others.
                said.set(id, error.message);
                this.log[this.#said.get(id) === error.message ? "debug" : "error"](error.message);
            });
        }
        for (const name of foreign) {
            said.set(name, name);
            this.log[this.#said.has(name) ? "debug" : "warn"](
                `${name} in ${this.store.directory} is a file of Qlik's own engine and is left alone.`,
            );
        }
        this.#said = said;
    }

    async #compare(id: string): Promise<void> {
        const seen = this.#list.now;
        const newest = await this.store.newestVersion(id);
        if (newest === undefined) {
            await this.#forget(id);
            return;
        }
        const document = await this.#open.get(id)?.catch(() => undefined);
        const isOpenOneOther =
            document !== undefined && (document.base.version !== newest || this.#contended.has(document));
        if (isOpenOneOther || this.#list.get(id)?.version !== newest) {
            await this.#show(await this.store.readNewestHead(id), seen);
        }
    }
}

function savedEvent(type: Extract<SyncEvent, { data: DocumentSaved }>["type"], version: SavedVersion): SyncEvent {
    const { id, size, sha256 } = version;
    return { type, subject: id, data: { version: version.version, size, sha256 } };
}

function isNewer(version: number, listed: ListedVersion | undefined): boolean {
    return listed === undefined || version > listed.version;
}
