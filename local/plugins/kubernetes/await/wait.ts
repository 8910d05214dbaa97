import { isObject, listAt, type Properties } from "../../properties";
import type { Client } from "../client";
import { nameOf } from "../metadata";
import type { Rule } from "./rule";

const settlingMilliseconds = 1000;
const warningsMilliseconds = 10_000;

/** A wait that ended without success. */
export class Unready extends Error {
    constructor(
        message: string,
        /** Beside the message, one sentence each. */
        readonly reasons: readonly string[],
    ) {
        super(message);
    }
}

export interface WaitOptions {
    readonly client: Client;
    readonly object: Properties;
    readonly rule: Rule;
    /** Overrides the rule's own. */
    readonly timeoutSeconds?: number;
    /** Ends the wait. */
    readonly signal: AbortSignal;
    readonly warn: (text: string) => void;
}

/** @throws {Unready} */
export async function waitUntilReady({
    client,
    object,
    rule,
    timeoutSeconds,
    signal,
    warn,
}: WaitOptions): Promise<void> {
    const ended = new AbortController();
    const until = AbortSignal.any([signal, ended.signal]);
    const timers: NodeJS.Timeout[] = [];
    try {
        await new Promise<void>((resolve, reject) => {
            const unready = (message: string) => {
                // Watches are not in step: what a pod said last may be on its way when its Job is known to have failed.
                void observeAll(client, rule)
                    .catch(() => undefined)
                    .then(() => {
                        reject(new Unready(message, rule.reasons()));
                    });
            };
            const look = () => {
                if (rule.ready(false)) resolve();
                else if (rule.failed?.()) unready(`Resource '${nameOf(object)}' was created but failed to initialize`);
            };
            const cancel = () => {
                unready(`Resource operation was cancelled for '${nameOf(object)}'`);
            };
            if (signal.aborted) {
                cancel();
                return;
            }
            signal.addEventListener("abort", cancel, { once: true });
            ended.signal.addEventListener("abort", () => {
                signal.removeEventListener("abort", cancel);
            });

            for (const collection of rule.collections) {
                const onEvent = (event: Parameters<typeof collection.observe>[0]) => {
                    collection.observe(event);
                    look();
                };
                client.follow(collection.path, queryOf(collection), until, onEvent, reject);
            }
            if (rule.settles) timers.push(setInterval(look, settlingMilliseconds));
            timers.push(
                setInterval(() => {
                    for (const text of rule.warnings?.() ?? []) warn(text);
                }, warningsMilliseconds),
            );
            const seconds = timeoutSeconds ?? rule.timeoutSeconds;
            timers.push(
                setTimeout(() => {
                    if (rule.ready(true)) resolve();
                    else unready(`'${nameOf(object)}' timed out waiting to be Ready`);
                }, seconds * 1000),
            );
        });
    } finally {
        for (const timer of timers) clearTimeout(timer);
        ended.abort();
    }
}

/**
 * Looks once.
 *
 * @throws {Unready}
 */
export async function checkReady({
    client,
    object,
    rule,
}: Pick<WaitOptions, "client" | "object" | "rule">): Promise<void> {
    await observeAll(client, rule);
    if (!rule.ready(true)) {
        throw new Unready(`Resource '${nameOf(object)}' was created but failed to initialize`, rule.reasons());
    }
}

async function observeAll(client: Client, rule: Rule): Promise<void> {
    for (const collection of rule.collections) {
        const list = await client.request("GET", collection.path, queryOf(collection));
        for (const item of listAt(list, "items")) {
            if (isObject(item)) collection.observe({ type: "ADDED", object: item });
        }
    }
}

function queryOf({ name }: Rule["collections"][number]): Record<string, string> {
    return name === undefined ? {} : { fieldSelector: `metadata.name=${name}` };
}
