import type { Log, Severity } from "../engine";
import type { Properties } from "../properties";
import { Unready, waitUntilReady } from "./await/wait";
import type { Client } from "./client";
import { kindOf, type Kind } from "./kinds";
import { annotation } from "./metadata";

/** What every operation on an object has at hand. */
export interface Operation {
    readonly urn: string;
    readonly kind: Kind;
    readonly client: Client;
    /** Aborted when the user cancels. */
    readonly signal: AbortSignal;
    /** Shows a line beside the resource; the same line again is dropped. */
    readonly status: (severity: Severity, text: string) => void;
    readonly clearStatus: () => Promise<void>;
}

export function operation(
    request: { readonly urn: string; readonly type: string },
    shared: Pick<Operation, "client" | "signal">,
    log: Log,
): Operation {
    let last = "";
    return {
        ...shared,
        urn: request.urn,
        kind: kindOf(request.type),
        status: (severity, text) => {
            if (text === last) return;
            last = text;
            void log.status(request.urn, severity, text);
        },
        clearStatus: () => log.status(request.urn, "info", ""),
    };
}

export function skipsAwait(inputs: Properties): boolean {
    return annotation(inputs, "pulumi.com/skipAwait") === "true";
}

/**
 * Seconds that an operation may take: `customTimeouts`, else the annotation, else undefined for the kind's own.
 *
 * @param requested 0 if there is none.
 */
export function timeoutOf(requested: number, inputs: Properties): number | undefined {
    if (requested > 0) return requested;
    const seconds = Number(annotation(inputs, "pulumi.com/timeoutSeconds"));
    return seconds > 0 ? seconds : undefined;
}

/**
 * Waits for an object that was just changed.
 *
 * @returns why it is not ready, if it is not.
 */
export async function awaitReady(
    { kind, client, signal, status }: Operation,
    change: {
        readonly inputs: Properties;
        readonly object: Properties;
        readonly previous?: Properties;
        readonly timeout: number;
    },
): Promise<Unready | undefined> {
    if (kind.rule === undefined) return undefined;
    if (skipsAwait(change.inputs)) {
        status("info", "Skipping await logic");
        return undefined;
    }
    const { object, previous } = change;
    try {
        const rule = await kind.rule({ object, previous, client, status });
        const warn = (text: string) => {
            status("warning", text);
        };
        const timeoutSeconds = timeoutOf(change.timeout, change.inputs);
        await waitUntilReady({ client, object, rule, timeoutSeconds, signal, warn });
        return undefined;
    } catch (error) {
        // The object exists by now: whatever ended the wait must not lose it.
        return error instanceof Unready
            ? error
            : new Unready(error instanceof Error ? error.message : String(error), []);
    }
}
