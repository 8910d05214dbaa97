import { ErrorCode, QixError, invalidHandle } from "./errors";
import { docMethods } from "./doc";
import { globalMethods } from "./global";
import type { CallContext, Method } from "./method";

const globalHandle = -1;
const answeredAtOnce = new Set(["GetProgress", "CancelReload", "CancelRequest", "AbortRequest", "AbortAll"]);

/** Whether a method does not wait for the requests before it, such as a running reload. */
export function isAnsweredAtOnce(method: string): boolean {
    return answeredAtOnce.has(method);
}

/** Calls a method of what the handle stands for. @returns the answer's `result`. */
export async function call(context: CallContext, handle: unknown, method: string, params: unknown): Promise<object> {
    const methods = methodsOf(context, handle ?? globalHandle);
    const found = Object.hasOwn(methods, method) ? methods[method] : undefined;
    if (!found) {
        throw new QixError(ErrorCode.methodNotFound, method, "Method not found");
    }
    return found(context, params);
}

function methodsOf(context: CallContext, handle: unknown): Record<string, Method> {
    if (handle === globalHandle) {
        return globalMethods;
    }
    if (context.connection.isDocumentHandle(handle)) {
        return docMethods;
    }
    throw invalidHandle();
}
