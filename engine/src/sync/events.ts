/**
 * What engines tell each other. Names of the `com.qlik` types are those of Qlik's published CloudEvents; the others, and
 * all payloads, are this project's own: nothing is known of what the real engine sent over RabbitMQ.
 *
 * An event is a hint: what it speaks of is read from the volume or the rule files, never from the event.
 */
export type SyncEvent = DocumentSavedEvent | DocumentDeletedEvent | RulesChangedEvent | EngineConnectedEvent;

/** What travels on the bus: events, and what is only for the bus itself. */
export type BusMessage = SyncEvent | EngineAliveMessage;

/** A document was created, saved, or saved with newly loaded data. */
export interface DocumentSavedEvent {
    readonly type: "com.qlik.v1.app.created" | "com.qlik.v1.app.updated" | "com.qlik.v1.app.data.updated";
    /** The document's id. */
    readonly subject: string;
    readonly data: DocumentSaved;
}

export interface DocumentSaved {
    readonly version: number;
    /** Bytes of the version's file. */
    readonly size: number;
    /** Of the version's content, in hexadecimal. */
    readonly sha256: string;
}

export interface DocumentDeletedEvent {
    readonly type: "com.qlik.v1.app.deleted";
    readonly subject: string;
    readonly data: Readonly<Record<string, never>>;
}

/** The sender's rule files changed. */
export interface RulesChangedEvent {
    readonly type: "document-sync.rules.changed";
    readonly subject: "rules";
    readonly data: { readonly sha256: string };
}

/** The sender was away from the broker, or died before it could tell of its last save: look at the volume. */
export interface EngineConnectedEvent {
    readonly type: "document-sync.engine.connected";
    readonly subject: "engine";
    readonly data: Readonly<Record<string, never>>;
}

/** The sender is there. It proves the way through the broker to the sender, and its presence to the others. */
export interface EngineAliveMessage {
    readonly type: "document-sync.engine.alive";
    readonly subject: "engine";
    readonly data: Readonly<Record<string, never>>;
}

const sha256 = /^[0-9a-f]{64}$/;
/** Bytes; messages of engines have some hundreds. */
const longestBody = 64 * 1024;

/** The members of a message's body, none of them if it is no JSON object or longer than what engines send. */
export function parseBody(body: unknown): Record<string, unknown> {
    try {
        // The client parses `application/json` itself, and gives `text/plain` as a string. How long the former may be is
        // for the broker to say (max_message_size).
        const isText = Buffer.isBuffer(body) || typeof body === "string";
        if (isText && body.length > longestBody) {
            return {};
        }
        const message: unknown = isText ? JSON.parse(String(body)) : body;
        return typeof message === "object" && message !== null ? (message as Record<string, unknown>) : {};
    } catch {
        return {};
    }
}

/** @returns what a message's body says, or undefined if that is nothing that this engine knows. */
export function toBusMessage(message: { type?: unknown; subject?: unknown; data?: unknown }): BusMessage | undefined {
    const { type, subject } = message;
    const data = (typeof message.data === "object" && message.data) || {};
    const { version, size, sha256: hash } = data as Partial<Record<string, unknown>>;
    const isHash = typeof hash === "string" && sha256.test(hash);
    switch (type) {
        case "com.qlik.v1.app.created":
        case "com.qlik.v1.app.updated":
        case "com.qlik.v1.app.data.updated":
            return typeof subject === "string" && isHash && Number.isSafeInteger(version) && Number.isSafeInteger(size)
                ? { type, subject, data: { version: version as number, size: size as number, sha256: hash } }
                : undefined;
        case "com.qlik.v1.app.deleted":
            return typeof subject === "string" ? { type, subject, data: {} } : undefined;
        case "document-sync.rules.changed":
            return isHash ? { type, subject: "rules", data: { sha256: hash } } : undefined;
        case "document-sync.engine.connected":
        case "document-sync.engine.alive":
            return { type, subject: "engine", data: {} };
        default:
            return undefined;
    }
}
