import { randomUUID } from "node:crypto";
import { setTimeout as delay } from "node:timers/promises";
import type { Log } from "../log";
import type { DocumentSaved, SyncEvent } from "../sync/events";
import { type DocumentContent, type SavedVersion, UnreadableDocumentError } from "./format";
import { type DocumentViewer, OpenDocument } from "./openDocument";
import { type DocumentStore, DocumentStoreError, isDocumentId } from "./store";

/** A document as the list shows it, without its content. */
export interface ListedDocument extends Omit<SavedVersion, "content" | "ancestors" | "saveId"> {
    readonly owner: string;
    readonly modified: string;
    readonly lastReloadTime: string;
    readonly properties: DocumentContent["properties"];
}

/** How long a network file system may take to show what another machine has written: its caches live up to 60 s. */
const visibleWithinMilliseconds = 90_000;

/**
 * The documents that this engine knows: a list in memory, and those that sessions have open.
 *
 * Both change by this engine's own doing and by other engines' events. The volume is read when a document is opened, when
 * an event says that there is something new, and by `catchUp`.
 */
export class DocumentLibrary {
    /** How often a document was read into memory for a viewer, by how that went: `corrupt` is one that can't be understood. */
    readonly loads = { ok: 0, corrupt: 0, fail: 0 };
    readonly #listed = new Map<string, ListedDocument>();
    readonly #open = new Map<string, Promise<OpenDocument>>();
    /** Ids are never used again, so an event or a slow look at the volume can't bring one of these back. */
    readonly #deleted = new Set<string>();
    #catchUp: { readonly done: Promise<void>; again: boolean } | undefined;

    constructor(
        readonly store: DocumentStore,
        private readonly log: Log,
        private readonly announce: (event: SyncEvent) => void,
    ) {}

    list(): readonly ListedDocument[] {
        return [...this.#listed.values()];
    }

    find(id: string): ListedDocument | undefined {
        return this.#listed.get(id);
    }

    async create(content: DocumentContent): Promise<SavedVersion> {
        const version = await this.store.create(randomUUID(), content);
        this.#listed.set(version.id, toListed(version));
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
            await this.#show(version);
        }
    }

    /** As listed, or as on the volume if it isn't in the list yet. @throws DocumentStoreError; UnreadableDocumentError. */
    async describe(id: string): Promise<ListedDocument> {
        return this.#listed.get(id) ?? toListed(await this.#read(id));
    }

    /** @param id of a document that `describe` knows. */
    async delete(id: string): Promise<void> {
        await this.store.delete(id);
        this.announce({ type: "com.qlik.v1.app.deleted", subject: id, data: {} });
        await this.#noteDeletion(id);
    }

    /** Takes over what another engine says it did to a document. */
    async apply(event: SyncEvent): Promise<void> {
        switch (event.type) {
            case "com.qlik.v1.app.created":
            case "com.qlik.v1.app.updated":
            case "com.qlik.v1.app.data.updated":
                if (isDocumentId(event.subject)) {
                    await this.#takeOver(event.subject, event.data);
                }
                break;
            case "com.qlik.v1.app.deleted":
                if (isDocumentId(event.subject)) {
                    await this.#takeOverDeletion(event.subject);
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
            do {
                state.again = false;
                await this.#compareWithVolume();
            } while (state.again);
        };
        const state = { done: Promise.resolve(), again: false };
        state.done = run().finally(() => (this.#catchUp = undefined));
        this.#catchUp = state;
        return state.done;
    }

    /** A version that came while this engine was reloading is taken over when the reload left nothing to save. */
    async refresh(document: OpenDocument): Promise<void> {
        const newest = this.#listed.get(document.id);
        if (newest && newest.version > document.base.version && !document.hasUnsavedChanges) {
            await this.#compare(document.id).catch((error: Error) => this.log.error(error.message));
        }
    }

    /** Documents that sessions have open. */
    openIds(): string[] {
        return [...this.#open.keys()];
    }

    async #load(id: string): Promise<OpenDocument> {
        try {
            const document = new OpenDocument(await this.#read(id));
            this.loads.ok++;
            return document;
        } catch (error) {
            this.loads[error instanceof UnreadableDocumentError ? "corrupt" : "fail"]++;
            throw error;
        }
    }

    async #read(id: string): Promise<SavedVersion> {
        if (!isDocumentId(id) || this.#deleted.has(id)) {
            if (await this.store.isForeign(id)) {
                throw new UnreadableDocumentError(
                    `${id} is a file of Qlik's own engine, which this stand-in does not read.`,
                );
            }
            throw new DocumentStoreError("notFound", `There is no document ${id}.`);
        }
        return this.store.readNewest(id);
    }

    async #takeOver(id: string, announced: DocumentSaved): Promise<void> {
        const look = async () => {
            if (this.#isCurrent(id, announced.version)) {
                return true;
            }
            const version = await this.#readIfThere(id, announced);
            if (version) {
                await this.#show(version);
            }
            return version !== undefined;
        };
        await this.#untilVisible(look, `Version ${announced.version} of document ${id} did not appear`);
    }

    /** A document is deleted when it is no longer on the volume, whoever says what. */
    async #takeOverDeletion(id: string): Promise<void> {
        const look = async () => {
            const isGone = this.#deleted.has(id) || (await this.store.newestVersion(id)) === undefined;
            if (isGone) {
                await this.#noteDeletion(id);
            }
            return isGone;
        };
        await this.#untilVisible(look, `Document ${id} did not go: it stays open and listed, as it is`);
    }

    /** Looks at the volume until it shows what another engine announced. */
    async #untilVisible(look: () => Promise<boolean>, complaint: string): Promise<void> {
        const deadline = Date.now() + visibleWithinMilliseconds;
        for (let pause = 5; !(await look()); pause = Math.min(pause * 2, 1000)) {
            if (Date.now() > deadline) {
                const seconds = visibleWithinMilliseconds / 1000;
                this.log.error(
                    `Announced by another engine, but not so in ${this.store.directory} after ${seconds} s: ${complaint}.`,
                );
                return;
            }
            await delay(pause);
        }
    }

    #isCurrent(id: string, version: number): boolean {
        return this.#deleted.has(id) || (this.#listed.get(id)?.version ?? 0) >= version;
    }

    /** The announced version or a newer one, once the volume shows it whole. */
    async #readIfThere(id: string, announced: DocumentSaved): Promise<SavedVersion | undefined> {
        try {
            // First the name alone: a document may be large, and an announcement wrong.
            if (((await this.store.newestVersion(id)) ?? 0) < announced.version) {
                return undefined;
            }
            const version = await this.store.readNewest(id);
            const isAnnounced = version.version === announced.version && version.sha256 === announced.sha256;
            return isAnnounced || version.version > announced.version ? version : undefined;
        } catch (error) {
            if (error instanceof DocumentStoreError || error instanceof UnreadableDocumentError) {
                this.log.debug(error.message);
                return undefined;
            }
            throw error;
        }
    }

    /** Puts a version that was read from the volume into the list and into the document, if it is open. */
    async #show(version: SavedVersion): Promise<void> {
        const { id } = version;
        if (this.#deleted.has(id)) {
            return;
        }
        if ((this.#listed.get(id)?.version ?? 0) < version.version) {
            this.#listed.set(id, toListed(version));
        }
        const document = await this.#open.get(id)?.catch(() => undefined);
        await document?.exclusively(async () => {
            if (document.base.version >= version.version) {
                return Promise.resolve();
            }
            if (document.hasUnsavedChanges || document.isReloading) {
                this.log.warn(
                    `Document ${id} was saved by another engine as version ${version.version} while it has unsaved changes ` +
                        `here, made from version ${document.base.version}: they stay, and saving them will be refused.`,
                );
                return Promise.resolve();
            }
            document.replace(version);
            return Promise.resolve();
        });
    }

    #noteDeletion(id: string): Promise<void> {
        this.#deleted.add(id);
        return this.#forget(id);
    }

    async #forget(id: string): Promise<void> {
        this.#listed.delete(id);
        const document = await this.#open.get(id)?.catch(() => undefined);
        for (const viewer of document ? [...document.viewers] : []) {
            viewer.documentClosed();
        }
    }

    async #compareWithVolume(): Promise<void> {
        const { ids, foreign } = await this.store.list();
        for (const id of new Set([...ids, ...this.#listed.keys(), ...this.#open.keys()])) {
            await this.#compare(id).catch((error: Error) => {
                // One that can't be read must not hide the others.
                this.log.error(error.message);
            });
        }
        for (const name of foreign) {
            this.log.warn(`${name} in ${this.store.directory} is a file of Qlik's own engine and is left alone.`);
        }
    }

    async #compare(id: string): Promise<void> {
        const newest = await this.store.newestVersion(id);
        if (newest === undefined) {
            await this.#forget(id);
            return;
        }
        const document = await this.#open.get(id)?.catch(() => undefined);
        const isOpenVersionOld = document !== undefined && document.base.version < newest;
        if (isOpenVersionOld || !this.#isCurrent(id, newest)) {
            await this.#show(await this.store.readNewest(id));
        }
    }
}

function savedEvent(type: Extract<SyncEvent, { data: DocumentSaved }>["type"], version: SavedVersion): SyncEvent {
    const { id, size, sha256 } = version;
    return { type, subject: id, data: { version: version.version, size, sha256 } };
}

function toListed({ id, version, size, sha256, content }: SavedVersion): ListedDocument {
    const { owner, modified, lastReloadTime, properties } = content;
    return { id, version, size, sha256, owner, modified, lastReloadTime, properties };
}
