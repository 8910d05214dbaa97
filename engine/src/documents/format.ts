import { createHash } from "node:crypto";
import type { DataModel } from "../script/index";

/** Everything about a document that is saved. Times are ISO 8601 in UTC. */
export interface DocumentContent {
    readonly owner: string;
    readonly created: string;
    readonly modified: string;
    readonly script: string;
    /** Empty until the first successful reload. */
    readonly lastReloadTime: string;
    /** QIX's app properties; `qTitle` is the document's name. */
    readonly properties: Readonly<Record<string, unknown>>;
    readonly data: DataModel;
}

/** The document's name. Clients may set any properties, but those that list documents expect a text. */
export function titleOf({ qTitle }: DocumentContent["properties"]): string {
    return typeof qTitle === "string" ? qTitle : "";
}

/** One saved version of a document. */
export interface SavedVersion {
    readonly id: string;
    /** Counted from 1. */
    readonly version: number;
    /** Made anew for each save, so that a version is told from another of the same number. */
    readonly saveId: string;
    /** The save ids of the versions that this one was made from, newest first, at most `lineageLength`. */
    readonly ancestors: readonly string[];
    /** Bytes of the whole file. */
    readonly size: number;
    /** Of the file's body, in hexadecimal. */
    readonly sha256: string;
    readonly content: DocumentContent;
}

/** File name extension of this engine's documents. Not `.qvf`, which only Qlik's engine can read and write. */
export const extension = ".syncdoc";

export const lineageLength = 16;

/** A file that isn't a whole document of this engine. */
export class UnreadableDocumentError extends Error {}

const magic = "document-sync-document";
const formatVersion = 1;

type Body = Pick<SavedVersion, "saveId" | "ancestors" | "content">;

/** Header line `<magic> <format version> sha256=<hex> bytes=<length of the body>`, then the body in JSON. */
export function encode(body: Body): { file: Buffer; sha256: string } {
    const json = Buffer.from(JSON.stringify(body));
    const sha256 = createHash("sha256").update(json).digest("hex");
    const header = `${magic} ${formatVersion} sha256=${sha256} bytes=${json.length}\n`;
    return { file: Buffer.concat([Buffer.from(header), json]), sha256 };
}

/** @throws UnreadableDocumentError with a sentence that names the file. */
export function decode(file: Buffer, path: string): Body & { sha256: string } {
    const endOfHeader = file.subarray(0, 256).indexOf("\n");
    const header = /^([\w-]+) (\d+) sha256=([0-9a-f]{64}) bytes=(\d+)$/.exec(
        file.subarray(0, Math.max(endOfHeader, 0)).toString("latin1"),
    );
    if (!header || header[1] !== magic) {
        throw new UnreadableDocumentError(`${path} is not a document of this engine.`);
    }
    if (Number(header[2]) !== formatVersion) {
        throw new UnreadableDocumentError(
            `${path} has document format ${header[2]}; this engine reads format ${formatVersion}.`,
        );
    }
    const json = file.subarray(endOfHeader + 1);
    const sha256 = createHash("sha256").update(json).digest("hex");
    if (json.length !== Number(header[4]) || sha256 !== header[3]) {
        throw new UnreadableDocumentError(`${path} is damaged: its content does not fit the checksum in its header.`);
    }
    return { ...(JSON.parse(json.toString("utf8")) as Body), sha256 };
}
