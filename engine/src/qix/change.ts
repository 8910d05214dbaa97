import type { DocumentContent } from "../documents/format";
import type { OpenDocument } from "../documents/openDocument";
import { ErrorCode, QixError } from "./errors";
import type { CallContext } from "./method";

/**
 * Changes a document in memory, where it stays until it is saved.
 *
 * @throws QixError 1015 if the unsaved changes of all documents would take more memory than they may. One that makes the
 * document's smaller is always taken.
 */
export function change({ engine }: CallContext, document: OpenDocument, changes: Partial<DocumentContent>): void {
    document.change(changes, (before, after) => {
        const inAll = engine.sessions.unsavedBytes - before + after;
        if (after > before && inAll > engine.bounds.limit("UnsavedLimit")) {
            throw new QixError(
                ErrorCode.sizeExceeded,
                `${engine.bounds.refuse("UnsavedLimit")} bytes of unsaved changes are reached: save or close documents first.`,
                "App size exceeded",
            );
        }
    });
}
