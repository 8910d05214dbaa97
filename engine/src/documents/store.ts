import { randomUUID } from "node:crypto";
import { link, mkdir, open, readFile, readdir, rename, rm, stat, unlink } from "node:fs/promises";
import { join } from "node:path";
import { isHeapFull, OutOfMemoryError } from "../memory";
import {
    type DocumentContent,
    type SavedVersion,
    UnreadableDocumentError,
    decode,
    decodeHeader,
    encode,
    extension,
    lineageLength,
    longestHeader,
} from "./format";
import { HeadReader, type ListedHead, headOf, toListedHead } from "./head";

/** A document that can't be read, written or deleted; the message is a sentence for the user. */
export class DocumentStoreError extends Error {
    constructor(
        readonly reason: "notFound" | "conflict" | "diskFull" | "failed",
        message: string,
        options?: ErrorOptions,
    ) {
        super(message, options);
    }
}

const documentId = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;
const versionFile = new RegExp(`^(\\d{10})\\${extension}$`);
const unfinished = { save: ".saving-", document: ".creating-", deletion: ".deleting-" } as const;
/** An unfinished file of this age belongs to an engine that died: none takes so long. */
const abandonedAfterMilliseconds = 60 * 60 * 1000;
/** Versions come and go under a reader at most this often in the time of one read. */
const readAttempts = 20;
/** Bytes that hold the header of any version. */
const headLength = 256;

/** In bytes. Larger documents are read one after the other, and only while there is room for them. */
const largeDocument = 16 * 1024 * 1024;
/** Bytes that are read at a time where no more than the head is wanted. */
const pieceLength = 64 * 1024;

/** A saved version as lists show it, without its content. */
export interface ListedVersion extends ListedHead {
    readonly id: string;
    readonly version: number;
    /** Bytes of the whole file. */
    readonly size: number;
    /** Of the file's body, in hexadecimal. */
    readonly sha256: string;
}

export function toListed({ id, version, size, sha256, content }: SavedVersion): ListedVersion {
    return { id, version, size, sha256, ...toListedHead(headOf(content)) };
}

/** Ids are GUIDs in lower case: nothing else ever becomes part of a path. */
export function isDocumentId(id: string): boolean {
    return documentId.test(id);
}

/**
 * The documents on the shared volume: `<directory>/<id>/<version>.syncdoc`, each file a whole version, never changed.
 *
 * A version is written to a file of another name, synced, and given its number by link(2), which fails if the number is
 * taken. So no reader sees a part of one, and of two engines that save at once one is refused.
 */
export class DocumentStore {
    #largeReads: Promise<unknown> = Promise.resolve();

    constructor(readonly directory: string) {}

    /** Creates a document; its directory appears with version 1 in it, or not at all. */
    async create(id: string, content: DocumentContent): Promise<SavedVersion> {
        const unfinishedDirectory = join(this.directory, unfinished.document + id);
        const saved = await toSave(id, 1, [], content);
        try {
            await mkdir(unfinishedDirectory);
            await writeSynced(join(unfinishedDirectory, fileName(1)), saved.pieces);
            await syncDirectory(unfinishedDirectory);
            await rename(unfinishedDirectory, join(this.directory, id));
            await syncDirectory(this.directory);
        } catch (error) {
            await rm(unfinishedDirectory, { recursive: true, force: true }).catch(ignore);
            throw writeError(error, `The document could not be created in ${this.directory}`);
        }
        return saved.version;
    }

    /**
     * Saves what was made from `base` as the version after it.
     *
     * @throws DocumentStoreError `conflict` if another engine has saved the document since `base`, or somebody has restored
     * another version in its place; `notFound` if the document was deleted. Nothing is written over in any case.
     */
    async save(base: SavedVersion, content: DocumentContent): Promise<SavedVersion> {
        const { id } = base;
        const directory = join(this.directory, id);
        const next = base.version + 1;
        const ancestors = [base.saveId, ...base.ancestors].slice(0, lineageLength);
        const saved = await toSave(id, next, ancestors, content);
        const temporary = join(directory, unfinished.save + saved.version.saveId);
        const target = join(directory, fileName(next));
        await this.#refuseIfReplaced(base);
        try {
            await writeSynced(temporary, saved.pieces);
            await linkOnce(temporary, target);
            await syncDirectory(directory).catch(async (error: unknown) => {
                await unlink(target);
                throw error;
            });
        } catch (error) {
            if (isCode(error, "EEXIST")) {
                throw conflict(base);
            }
            if (isCode(error, "ENOENT") && !(await exists(directory))) {
                throw new DocumentStoreError("notFound", "The document was deleted.", { cause: error });
            }
            throw writeError(error, `The document could not be saved in ${directory}`);
        } finally {
            await unlink(temporary).catch(ignore);
        }
        await this.#refuseIfOvertaken(base, saved.version, target);
        await this.#removeVersionsBefore(id, base.version);
        return saved.version;
    }

    /**
     * Reads the newest version.
     * @throws DocumentStoreError `notFound`; UnreadableDocumentError; OutOfMemoryError if it is large and there is no room for it
     */
    readNewest(id: string): Promise<SavedVersion> {
        return this.#ofNewest(id, async (path, version) => {
            const read = async () => {
                const file = await readFile(path);
                return { id, version, size: file.length, ...decode(file, path) };
            };
            const { size } = await stat(path);
            return size < largeDocument ? read() : this.#afterOthers(size, read);
        });
    }

    /** Reads the head of the newest version, whatever else is in it. @throws as readNewest, but for the checksum, which it does not look at */
    readNewestHead(id: string): Promise<ListedVersion> {
        return this.#ofNewest(id, async (path, version) => ({ id, version, ...(await readHead(path)) }));
    }

    async #ofNewest<T>(id: string, read: (path: string, version: number) => Promise<T>): Promise<T> {
        for (let attempt = 1; ; attempt++) {
            const newest = await this.newestVersion(id);
            if (newest === undefined) {
                throw new DocumentStoreError("notFound", `There is no document ${id}.`);
            }
            const path = join(this.directory, id, fileName(newest));
            try {
                return await read(path, newest);
            } catch (error) {
                // The version was removed between the two looks, so a newer one is there.
                if (!isCode(error, "ENOENT", "ESTALE") || attempt === readAttempts) {
                    throw isErrno(error)
                        ? new DocumentStoreError("failed", `${path} could not be read (${error.code}).`, {
                              cause: error,
                          })
                        : error;
                }
            }
        }
    }

    /** Reads a large document when those before it are understood, as what their text says needs memory too. */
    #afterOthers<T>(size: number, read: () => Promise<T>): Promise<T> {
        const reading = this.#largeReads.then(() => {
            // As text, and as what the text says.
            if (isHeapFull(2 * size)) {
                throw new OutOfMemoryError();
            }
            return read();
        });
        this.#largeReads = reading.catch(ignore);
        return reading;
    }

    /** The number of the document's newest version; undefined if there is no such document. */
    async newestVersion(id: string): Promise<number | undefined> {
        const versions = await this.#versions(id);
        return versions.length ? Math.max(...versions) : undefined;
    }

    /** Ids of what may be documents, and the names of what lies there as a file of Qlik's own engine. */
    async list(): Promise<{ ids: string[]; foreign: string[] }> {
        const names = await readdir(this.directory);
        return { ids: names.filter(isDocumentId), foreign: names.filter((name) => name.endsWith(".qvf")) };
    }

    /** Whether a file of Qlik's own engine lies here under this name. */
    async isForeign(name: string): Promise<boolean> {
        const names = await readdir(this.directory).catch(() => []);
        const wanted = name.slice(name.lastIndexOf("/") + 1);
        return names.some((file) => file.endsWith(".qvf") && (file === wanted || file === `${wanted}.qvf`));
    }

    /**
     * Deletes a document. Its directory first gets another name, so that a save that is under way in another engine
     * fails instead of bringing the document back.
     */
    async delete(id: string): Promise<void> {
        const doomed = join(this.directory, `${unfinished.deletion}${id}-${randomUUID()}`);
        try {
            await rename(join(this.directory, id), doomed);
            await syncDirectory(this.directory);
        } catch (error) {
            if (isCode(error, "ENOENT")) {
                throw new DocumentStoreError("notFound", `There is no document ${id}.`, { cause: error });
            }
            throw writeError(error, `The document could not be deleted from ${this.directory}`);
        }
        // What is left of it if this fails is removed by the next start of an engine.
        await rm(doomed, { recursive: true, force: true }).catch(ignore);
    }

    /** Removes what engines that died left behind. Failure is of no consequence: readers ignore these files. */
    async removeAbandoned(): Promise<void> {
        for (const name of await readdir(this.directory).catch(() => [])) {
            const path = join(this.directory, name);
            const isDeletion = name.startsWith(unfinished.deletion);
            if (isDeletion || (name.startsWith(unfinished.document) && (await isAbandoned(path)))) {
                await rm(path, { recursive: true, force: true }).catch(ignore);
            } else if (isDocumentId(name)) {
                await removeAbandonedSaves(path);
            }
        }
    }

    /** Numbers alone don't tell: where a document was restored, they begin again before `base`, and its own may be another's. */
    async #refuseIfReplaced(base: SavedVersion): Promise<void> {
        if (await this.#isOnVolume(base)) {
            return;
        }
        const newest = await this.newestVersion(base.id);
        if (newest === undefined) {
            throw new DocumentStoreError("notFound", "The document was deleted.");
        }
        throw newest > base.version
            ? conflict(base)
            : new DocumentStoreError(
                  "conflict",
                  `Another version was restored in place of version ${base.version}, which these changes were made from.`,
              );
    }

    /** The file with the version's number is there, and names the version's hash at its beginning. */
    async #isOnVolume({ id, version, sha256 }: SavedVersion): Promise<boolean> {
        const path = join(this.directory, id, fileName(version));
        try {
            const file = await open(path);
            try {
                const { buffer, bytesRead } = await file.read(Buffer.alloc(headLength), 0, headLength, 0);
                return buffer.subarray(0, bytesRead).includes(sha256);
            } finally {
                await file.close();
            }
        } catch (error) {
            if (isCode(error, "ENOENT", "ESTALE")) {
                return false;
            }
            throw writeError(error, `The document could not be saved, because ${path} could not be read`);
        }
    }

    /**
     * An engine whose base is so old that the version after it was removed already gets its link, below the newest
     * version. Whether that happened is told by the newest version's ancestors: one that was made from ours names it.
     */
    async #refuseIfOvertaken(base: SavedVersion, saved: SavedVersion, path: string): Promise<void> {
        const newestVersion = await this.newestVersion(saved.id);
        if (newestVersion === saved.version) {
            return;
        }
        if (newestVersion === undefined) {
            throw new DocumentStoreError("notFound", "The document was deleted.");
        }
        const newest = await this.readNewest(saved.id);
        if (!newest.ancestors.includes(saved.saveId)) {
            await unlink(path).catch(ignore);
            throw conflict(base);
        }
    }

    /** The base of a save stays, for readers that are just opening it. */
    async #removeVersionsBefore(id: string, version: number): Promise<void> {
        // What can't be removed now is removed after the next save: this one is done.
        const versions = await this.#versions(id).catch(() => []);
        const old = versions.filter((other) => other < version);
        for (const other of old) {
            await unlink(join(this.directory, id, fileName(other))).catch(ignore);
        }
    }

    async #versions(id: string): Promise<number[]> {
        try {
            const names = await readdir(join(this.directory, id));
            return names.flatMap((name) => versionFile.exec(name)?.[1] ?? []).map(Number);
        } catch (error) {
            if (isCode(error, "ENOENT", "ENOTDIR")) {
                return [];
            }
            throw new DocumentStoreError("failed", `Document ${id} could not be read (${codeOf(error)}).`, {
                cause: error,
            });
        }
    }
}

async function toSave(id: string, version: number, ancestors: readonly string[], content: DocumentContent) {
    const saveId = randomUUID();
    const { pieces, size, sha256 } = await encode({ saveId, ancestors, content });
    const saved: SavedVersion = { id, version, saveId, ancestors, content, size, sha256 };
    return { pieces, version: saved };
}

function fileName(version: number): string {
    return String(version).padStart(10, "0") + extension;
}

async function readHead(path: string): Promise<Omit<ListedVersion, "id" | "version">> {
    const file = await open(path, "r");
    try {
        const { size } = await file.stat();
        const piece = Buffer.allocUnsafe(pieceLength);
        const read = async (length: number, position: number): Promise<Buffer> =>
            piece.subarray(0, (await file.read(piece, 0, length, position)).bytesRead);
        const header = decodeHeader(await read(longestHeader, 0), size, path);
        const reader = new HeadReader();
        for (let at = header.start; at < size && !reader.isDone;) {
            const next = await read(pieceLength, at);
            if (next.length === 0) {
                break;
            }
            reader.push(next);
            at += next.length;
        }
        const head = reader.result();
        if (!head) {
            throw new UnreadableDocumentError(`${path} is damaged: it does not say whose it is, or since when.`);
        }
        return { size, sha256: header.sha256, ...toListedHead(head) };
    } finally {
        await file.close();
    }
}

async function writeSynced(path: string, pieces: readonly Buffer[]): Promise<void> {
    const file = await open(path, "wx");
    try {
        await file.writeFile(pieces);
        await file.sync();
    } finally {
        await file.close();
    }
}

/** link(2). A network file system may report EEXIST for a link that it made and whose answer was lost: look again. */
export async function linkOnce(existing: string, path: string): Promise<void> {
    try {
        await link(existing, path);
    } catch (error) {
        if (!isCode(error, "EEXIST") || (await stat(existing)).nlink < 2) {
            throw error;
        }
    }
}

async function syncDirectory(path: string): Promise<void> {
    const directory = await open(path, "r");
    try {
        await directory.sync();
    } catch (error) {
        // Not every file system can; those that can't order the entries themselves.
        if (!isCode(error, "EINVAL", "ENOTSUP")) {
            throw error;
        }
    } finally {
        await directory.close();
    }
}

async function removeAbandonedSaves(directory: string): Promise<void> {
    const names = await readdir(directory).catch(() => []);
    for (const name of names.filter((other) => other.startsWith(unfinished.save))) {
        if (await isAbandoned(join(directory, name))) {
            await unlink(join(directory, name)).catch(ignore);
        }
    }
}

async function isAbandoned(path: string): Promise<boolean> {
    const status = await stat(path).catch(() => undefined);
    return status !== undefined && Date.now() - status.mtimeMs > abandonedAfterMilliseconds;
}

async function exists(path: string): Promise<boolean> {
    return (await stat(path).catch(() => undefined)) !== undefined;
}

function conflict(base: SavedVersion): DocumentStoreError {
    return new DocumentStoreError(
        "conflict",
        `The document was saved by another engine after version ${base.version}, which these changes were made from.`,
    );
}

function writeError(error: unknown, what: string): DocumentStoreError {
    const reason = isCode(error, "ENOSPC", "EDQUOT") ? "diskFull" : "failed";
    return new DocumentStoreError(reason, `${what} (${codeOf(error)}).`, { cause: error });
}

function isErrno(error: unknown): error is NodeJS.ErrnoException & { code: string } {
    return error instanceof Error && typeof (error as NodeJS.ErrnoException).code === "string";
}

function isCode(error: unknown, ...codes: string[]): boolean {
    return isErrno(error) && codes.includes(error.code);
}

function codeOf(error: unknown): string {
    return isErrno(error) ? error.code : String(error);
}

function ignore(): void {}
