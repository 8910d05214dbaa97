/**
 * Errors as QIX clients see them: code, parameter, message. Codes are those of the `LocalizedErrorCode` enumeration in
 * the schemas that enigma.js ships; messages are the real engine's where the public record has them.
 */
export class QixError extends Error {
    constructor(
        readonly code: number,
        readonly parameter: string,
        message: string,
    ) {
        super(message);
    }
}

export const ErrorCode = {
    parseError: -32700,
    invalidRequest: -32600,
    methodNotFound: -32601,
    invalidParameters: -32602,
    internalError: -32603,
    accessDenied: 5,
    outOfMemory: 6,
    corruptData: 11,
    invalidName: 1001,
    appAlreadyOpen: 1002,
    appNotFound: 1003,
    saveFailed: 1005,
    createFailed: 1006,
    appInvalid: 1007,
    sizeExceeded: 1015,
    deleteFailed: 9002,
    diskFull: 9008,
    reloadInProgress: 11000,
} as const;

export const noActiveDocument = () => new QixError(ErrorCode.appInvalid, "No active document", "App invalid");
export const appNotFound = () => new QixError(ErrorCode.appNotFound, "Could not find app", "App not found");
export const invalidHandle = () => new QixError(ErrorCode.invalidParameters, "Invalid handle", "Invalid Params");
export const accessDenied = (toDoWhat: string) =>
    new QixError(ErrorCode.accessDenied, `Access denied to ${toDoWhat}`, "Access denied");
