import { createHash } from "node:crypto";
import type { DataModel } from "../script/index";
import { Pacer } from "../pacer";
import { headOf } from "./head";
import { jsonPieces } from "./json";

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

/** The bytes that a header can't be longer than. */
export const longestHeader = 256;

export interface Header {
    /** Of the body, in hexadecimal. */
    readonly sha256: string;
    /** Where the body begins, and how long it is, in bytes. */
    readonly start: number;
    readonly length: number;
}

/**
 * Header line `<magic> <format version> sha256=<hex> bytes=<length of the body>`, then the body in JSON. Its first member is the
 * document's head, so that whoever lists documents reads no more of them.
 *
 * Other work of the process goes on meanwhile.
 *
 * @returns the file's pieces, which are not joined: documents are large
 */
export async function encode({
    saveId,
    ancestors,
    content,
}: Body): Promise<{ pieces: readonly Buffer[]; size: number; sha256: string }> {
    const pacer = new Pacer();
    const hash = createHash("sha256");
    const pieces: Buffer[] = [];
    let length = 0;
    for (const text of jsonPieces({ head: headOf(content), saveId, ancestors }, content)) {
        const piece = Buffer.from(text);
        hash.update(piece);
        length += piece.length;
        pieces.push(piece);
        if (pacer.isDue()) {
            await pacer.giveWay();
        }
    }
    const sha256 = hash.digest("hex");
    const header = Buffer.from(`${magic} ${formatVersion} sha256=${sha256} bytes=${length}\n`);
    return { pieces: [header, ...pieces], size: header.length + length, sha256 };
}

/**
 * @param beginning the first `longestHeader` bytes of a file, or more
 * @param size of the whole file
 * @throws UnreadableDocumentError with a sentence that names the file
 */
export function decodeHeader(beginning: Buffer, size: number, path: string): Header {
    const end = beginning.subarray(0, longestHeader).indexOf("\n");
    const header = /^([\w-]+) (\d+) sha256=([0-9a-f]{64}) bytes=(\d+)$/.exec(
        beginning.subarray(0, Math.max(end, 0)).toString("latin1"),
    );
    if (!header || header[1] !== magic) {
        throw new UnreadableDocumentError(`${path} is not a document of this engine.`);
    }
    if (Number(header[2]) !== formatVersion) {
        throw new UnreadableDocumentError(
            `${path} has document format ${header[2]}; this engine reads format ${formatVersion}.`,
        );
    }
    const start = end + 1;
    const length = Number(header[4]);
    if (size !== start + length) {
        throw new UnreadableDocumentError(`${path} is damaged: it has not the length that its header says.`);
    }
    return { sha256: header[3] ?? "", start, length };
}

/** @throws UnreadableDocumentError with a sentence that names the file. */
export function decode(file: Buffer, path: string): Body & { sha256: string } {
    const { sha256, start } = decodeHeader(file, file.length, path);
    const json = file.subarray(start);
    if (createHash("sha256").update(json).digest("hex") !== sha256) {
        throw new UnreadableDocumentError(`${path} is damaged: its content does not fit the checksum in its header.`);
    }
    const { saveId, ancestors, content } = JSON.parse(json.toString("utf8")) as Body;
    return { saveId, ancestors, content, sha256 };
}
