import type { Access } from "../access/access";
import { appResource } from "../access/access";
import type { DocumentLibrary } from "../documents/library";
import type { DocumentViewer, OpenDocument } from "../documents/openDocument";
import { ErrorCode, QixError } from "../qix/errors";
import type { ClientConnection } from "./clientConnection";

/** How scripts are reloaded in a session, as ConfigureReload and SetFetchLimit set it. */
export interface ReloadSettings {
    useErrorData: boolean;
    /** Rows per LOAD in a debug reload; 0 for all. */
    fetchLimit: number;
}

/** A user's work with at most one document. It may be shared by several sockets and outlive them by its ttl. */
export class Session implements DocumentViewer {
    readonly connections = new Set<ClientConnection>();
    readonly reloadSettings: ReloadSettings = { useErrorData: false, fetchLimit: 0 };
    document: OpenDocument | undefined;
    #ended = false;

    constructor(
        /** What a later socket must come with to attach to this session. */
        readonly key: string,
        readonly access: Access,
        private readonly library: DocumentLibrary,
    ) {}

    /** @throws QixError 1002 if another document is open, 5 without the right to read; DocumentStoreError. */
    async open(id: string): Promise<OpenDocument> {
        if (this.document) {
            if (this.document.id === id) {
                this.#demandToRead(this.document);
                return this.document;
            }
            throw new QixError(ErrorCode.appAlreadyOpen, "The session has another app open", "App already open");
        }
        const document = await this.library.open(id, this);
        try {
            this.#demandToRead(document);
            // By another socket of the session, as two tabs of a browser do at once.
            if (this.document === document) {
                return document;
            }
            if (this.#ended || this.document) {
                throw new QixError(ErrorCode.appAlreadyOpen, "The session has changed meanwhile", "App already open");
            }
        } catch (error) {
            if (this.document !== document) {
                this.library.close(document, this);
            }
            throw error;
        }
        this.document = document;
        return document;
    }

    /** What was allowed when it was opened may be denied by now. */
    #demandToRead({ id, title, content }: OpenDocument): void {
        this.access.demand("read", appResource(id, title, content.owner), "open app");
    }

    end(): void {
        this.#ended = true;
        if (this.document) {
            this.library.close(this.document, this);
            this.document = undefined;
        }
    }

    documentChanged(always: boolean): void {
        for (const connection of this.connections) {
            connection.invalidateDocument(always);
        }
    }

    documentClosed(): void {
        if (!this.document) {
            return;
        }
        this.library.close(this.document, this);
        this.document = undefined;
        for (const connection of this.connections) {
            connection.closeDocument();
        }
    }
}
