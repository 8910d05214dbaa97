import { UnreadableDocumentError } from "../documents/format";
import { DocumentStoreError } from "../documents/store";
import { OutOfMemoryError } from "../memory";
import { ErrorCode, QixError, appNotFound } from "./errors";

/** The error as a QIX client gets it; undefined for one that nobody foresaw. */
export function toQixError(error: unknown): QixError | undefined {
    if (error instanceof QixError) {
        return error;
    }
    if (error instanceof UnreadableDocumentError) {
        return new QixError(ErrorCode.corruptData, error.message, "Corrupt data");
    }
    if (error instanceof OutOfMemoryError) {
        return new QixError(ErrorCode.outOfMemory, `${error.message}.`, "Out of memory");
    }
    if (error instanceof DocumentStoreError && error.reason === "notFound") {
        return appNotFound();
    }
    return undefined;
}

/** Does what writes to the volume; its failure is given the code of the operation, or that of a full disk. */
export async function writing<T>(code: number, message: string, work: () => Promise<T>): Promise<T> {
    try {
        return await work();
    } catch (error) {
        if (error instanceof DocumentStoreError) {
            const isFull = error.reason === "diskFull";
            throw new QixError(isFull ? ErrorCode.diskFull : code, error.message, isFull ? "Disk full" : message);
        }
        throw error;
    }
}
