import type { Engine } from "../engine";
import type { ClientConnection } from "../sessions/clientConnection";
import type { Session } from "../sessions/session";
import { ErrorCode, QixError } from "./errors";

/** Who calls. */
export interface CallContext {
    readonly engine: Engine;
    readonly session: Session;
    readonly connection: ClientConnection;
}

export type Method = (context: CallContext, params: unknown) => Promise<object>;

/**
 * A QIX method.
 *
 * @param defaults its parameters by name, in the schema's order, each with the value that it has when it isn't given.
 * @param run gets all of them, and returns the answer's `result`.
 */
export function method<Parameters extends object>(
    defaults: Parameters,
    run: (context: CallContext, parameters: Parameters) => object | Promise<object>,
): Method {
    return async (context, params) => run(context, { ...defaults, ...readParameters(defaults, params) });
}

/** Clients give parameters as a list that may be too short or too long, or by name, or not at all; null is default. */
function readParameters(defaults: object, params: unknown): Record<string, unknown> {
    const given: Record<string, unknown> = {};
    for (const [index, [name, value]] of Object.entries(defaults).entries()) {
        const argument = Array.isArray(params)
            ? (params[index] as unknown)
            : (params as Record<string, unknown> | undefined | null)?.[name];
        if (argument === undefined || argument === null) {
            continue;
        }
        if (typeof argument !== typeof value) {
            throw new QixError(ErrorCode.invalidParameters, `Invalid method parameter(s): ${name}`, "Invalid Params");
        }
        given[name] = declared(value as unknown, argument);
    }
    return given;
}

/** Of an object that is declared with its members those alone, or a call that takes long would keep the rest. */
function declared(value: unknown, argument: unknown): unknown {
    if (typeof value !== "object" || value === null || Object.keys(value).length === 0) {
        return argument;
    }
    return { ...value, ...readParameters(value, Array.isArray(argument) ? undefined : argument) };
}
