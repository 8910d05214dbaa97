import { listAt } from "../properties";
import { NotReady, type DeleteRequest } from "../provider";
import { ApiError, type WatchEvent } from "./client";
import { collectionPath } from "./kinds";
import { annotation, fromId } from "./metadata";
import { isNotFound, objectPath, readObject } from "./objects";
import { skipsAwait, timeoutOf, type Operation } from "./operation";
import { readState, writeState } from "./state";

const usualTimeoutSeconds = 600;
const lookMilliseconds = 1000;

const propagations: Readonly<Record<string, string>> = {
    orphan: "Orphan",
    background: "Background",
    foreground: "Foreground",
};

/**
 * Deletes the object with all that belongs to it, and waits until it is gone.
 *
 * @throws {NotReady} if it is not gone in time.
 */
export async function remove(request: DeleteRequest, operation: Operation): Promise<void> {
    const { client, kind, signal, status } = operation;
    const { namespace, name } = fromId(request.id);
    const path = objectPath(kind, namespace, name);
    const old = readState(request.state, {});
    const wish = annotation(old.inputs, "pulumi.com/deletionPropagationPolicy");
    const value = { kind: "DeleteOptions", apiVersion: "v1", propagationPolicy: propagations[wish] ?? "Foreground" };
    try {
        await client.request("DELETE", path, {}, { type: "application/json", value });
    } catch (error) {
        if (isNotFound(error)) return;
        throw error;
    }
    if (kind.skipsAwaitOnDelete && skipsAwait(old.inputs)) {
        status("info", "Skipping await logic");
        return;
    }
    if ((await readObject(client, path)) !== undefined) status("info", "Resource scheduled for deletion");

    const seconds = timeoutOf(request.timeout, old.inputs) ?? usualTimeoutSeconds;
    const collection = collectionPath(kind, namespace || "default");
    const gone = await untilGone(operation, collection, name, path, seconds);
    if (gone) {
        await operation.clearStatus();
        return;
    }
    // After a cancellation the server is not asked any more.
    const live = (await readObject(client, path).catch(() => undefined)) ?? old.live;
    const finalizers = listAt(live, "metadata", "finalizers").filter((each) => typeof each === "string");
    const holding = finalizers.length > 0 ? ` (its finalizers: ${finalizers.join(", ")})` : "";
    const reason = signal.aborted
        ? `Resource operation was cancelled for '${name}'`
        : `'${name}' was not deleted within ${seconds} s: finalizers might be preventing deletion${holding}`;
    throw new NotReady(request.id, writeState({ ...old, live }, request.state), [reason]);
}

/** @returns false when the time is over, or the user has cancelled. */
function untilGone(
    { client, signal }: Operation,
    collection: string,
    name: string,
    path: string,
    seconds: number,
): Promise<boolean> {
    const ended = new AbortController();
    const until = AbortSignal.any([signal, ended.signal, AbortSignal.timeout(seconds * 1000)]);
    let timer: NodeJS.Timeout | undefined;
    return new Promise<boolean>((resolve, reject) => {
        const end = (gone: boolean) => {
            resolve(gone);
        };
        until.addEventListener("abort", () => {
            end(false);
        });
        if (until.aborted) end(false);
        const look = () => {
            readObject(client, path).then(
                (object) => {
                    if (object === undefined) end(true);
                },
                // Whether the server is away for good, following tells.
                () => undefined,
            );
        };
        const fail = (error: unknown) => {
            // An object in a namespace that is going away may be refused before it is gone.
            if (!(error instanceof ApiError)) reject(error instanceof Error ? error : new Error(String(error)));
        };
        const onEvent = (event: WatchEvent) => {
            if (event.type === "DELETED") look();
        };
        client.follow(collection, { fieldSelector: `metadata.name=${name}` }, until, onEvent, fail);
        timer = setInterval(look, lookMilliseconds);
        look();
    }).finally(() => {
        clearInterval(timer);
        ended.abort();
    });
}
