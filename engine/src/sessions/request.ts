import { ErrorCode, QixError } from "../qix/errors";

/** A request of JSON-RPC 2.0, as a client sent it. */
export interface Request {
    /** Absent in a notification. */
    readonly id?: RequestId;
    readonly method: string;
    readonly handle?: unknown;
    readonly params?: unknown;
}

export type RequestId = string | number | null;

/**
 * Values, lists and objects of one message, about: each takes up to a hundred times as much memory as its character. The
 * largest properties that may be set have as many.
 */
const mostValues = 512 * 1024;
/** Characters. Ids wait until their answers have left. */
const longestId = 4_096;

const quote = 0x22;
const backslash = 0x5c;
const comma = 0x2c;
const bracket = 0x5b;
const brace = 0x7b;

/** @returns the error that answers what is no request. */
export function parseRequest(message: Buffer): Request | QixError {
    if (hasTooManyValues(message)) {
        return invalid(`The message has more than ${mostValues} values`);
    }
    let request: Partial<Record<keyof Request, unknown>> | null;
    try {
        request = JSON.parse(message.toString("utf8")) as typeof request;
    } catch {
        return new QixError(ErrorCode.parseError, "", "Parse error");
    }
    if (typeof request !== "object" || typeof request?.method !== "string" || !isId(request.id)) {
        return invalid("");
    }
    if (typeof request.id === "string" && request.id.length > longestId) {
        return invalid(`The id has more than ${longestId} characters`);
    }
    return request as Request;
}

function invalid(sentence: string): QixError {
    return new QixError(ErrorCode.invalidRequest, sentence, "Invalid Request");
}

function isId(id: unknown): id is RequestId | undefined {
    return id === undefined || id === null || typeof id === "string" || typeof id === "number";
}

/** Looked for before anything is parsed, by what begins or parts values outside of texts. */
function hasTooManyValues(message: Buffer): boolean {
    if (message.length <= mostValues) {
        return false;
    }
    let values = 0;
    let isInText = false;
    for (let index = 0; index < message.length && values <= mostValues; index++) {
        const byte = message[index];
        if (byte === quote) {
            isInText = !isInText;
        } else if (isInText) {
            // What comes after it is part of the text.
            index += byte === backslash ? 1 : 0;
        } else if (byte === comma || byte === bracket || byte === brace) {
            values++;
        }
    }
    return values > mostValues;
}
