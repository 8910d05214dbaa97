import type { DocumentLibrary } from "../documents/library";
import { ErrorCode, type QixError } from "../qix/errors";
import type { Session } from "../sessions/session";
import type { Deed } from "./deed";

type Subject = Pick<Deed, "id" | "title">;
type Call = Pick<Deed, "action" | "method"> & Subject;

const actions = new Map<string, Deed["action"]>([
    ["OpenDoc", "open"],
    ["CreateApp", "create"],
    ["DoSave", "save"],
    ["DeleteApp", "delete"],
    ["DoReload", "reload"],
    ["DoReloadEx", "reload"],
]);
/** Methods that name their document; the others are about the session's. */
const namedBy = new Map([
    ["OpenDoc", "qDocName"],
    ["DeleteApp", "qAppId"],
    ["GetAppEntry", "qAppID"],
]);
const refusals: ReadonlySet<number> = new Set([ErrorCode.accessDenied, ErrorCode.outOfMemory, ErrorCode.sizeExceeded]);

/** What a call is about, as things are before it: a document that was deleted has no title any more. */
export function callOf(session: Session, library: DocumentLibrary, method: string, params: unknown): Call {
    return { action: actions.get(method) ?? "call", method, ...subjectOf(session, library, method, params) };
}

/** How a call went, as the trail tells it. @returns undefined if the trail does not tell of it. */
export function deedOf(
    call: Call,
    session: Session,
    outcome: { result: object } | { error: QixError },
): Omit<Deed, "user" | "address"> | undefined {
    if ("error" in outcome) {
        const { code, parameter, message } = outcome.error;
        const isRefused = refusals.has(code);
        const ending = isRefused ? "refused" : "failed";
        const isTold = isRefused || call.action !== "call";
        return isTold ? { ...call, outcome: ending, code, reason: parameter || message } : undefined;
    }
    if (call.action === "call") {
        return undefined;
    }
    const { result } = outcome;
    if (call.action === "reload" && !isReloaded(result)) {
        return { ...call, outcome: "failed", code: 0, reason: "The script failed or was cancelled." };
    }
    return { ...call, ...subjectNow(call, session, result), outcome: "ok", code: 0, reason: "" };
}

function subjectOf(session: Session, library: DocumentLibrary, method: string, params: unknown): Subject {
    if (method === "CreateApp") {
        return { id: "", title: textOf(params, "qAppName") };
    }
    const name = namedBy.get(method);
    if (name === undefined) {
        return { id: session.document?.id ?? "", title: session.document?.title ?? "" };
    }
    const id = textOf(params, name);
    const listed = library.find(id);
    return { id, title: listed?.title ?? "" };
}

/** What only the call's success has made known. */
function subjectNow(call: Call, { document }: Session, result: { qAppId?: unknown }): Partial<Subject> {
    if (call.action === "create") {
        return { id: String(result.qAppId) };
    }
    return call.action === "open" && document ? { id: document.id, title: document.title } : {};
}

/** DoReload and DoReloadEx say it each in its own way. */
function isReloaded(result: { qReturn?: unknown; qResult?: { qSuccess?: unknown } }): boolean {
    return result.qReturn === true || result.qResult?.qSuccess === true;
}

/** The first parameter, which may be given by name. */
function textOf(params: unknown, name: string): string {
    const value = Array.isArray(params)
        ? (params[0] as unknown)
        : (params as Record<string, unknown> | null | undefined)?.[name];
    return typeof value === "string" ? value : "";
}
