import { KubeConfig, Watch } from "@kubernetes/client-node";
import * as http from "node:http";
import * as https from "node:https";
import { isObject, listAt, stringAt, type Properties, type Value } from "../properties";

/** The API server refused; `code` is HTTP's, `reason` Kubernetes' own word, for example NotFound. */
export class ApiError extends Error {
    constructor(
        message: string,
        readonly code: number,
        readonly reason: string,
        /** What the refusal is about, for example `{ kind: "namespaces", name: "x" }`. */
        readonly details: Properties,
    ) {
        super(message);
    }
}

export interface WatchEvent {
    readonly type: "ADDED" | "MODIFIED" | "DELETED";
    readonly object: Properties;
}

type Query = Readonly<Record<string, string>>;

/**
 * The API server, in plain JSON: what the official client's typed calls return has its timestamps and unknown fields changed,
 * and the state must hold objects as they are. Connection, authentication and watching are the official client's.
 */
export interface Client {
    /**
     * @throws {ApiError} if the server refuses.
     * @throws an error of one sentence that names the server if it cannot be reached.
     */
    request(method: string, path: string, query?: Query, body?: { type: string; value: Value }): Promise<Properties>;
    /**
     * Reports all objects of a collection, then each change, until the signal. A server that is away for some seconds is waited for;
     * `onError` hears why it cannot go on.
     */
    follow(
        path: string,
        query: Query,
        signal: AbortSignal,
        onEvent: (event: WatchEvent) => void,
        onError: (error: Error) => void,
    ): void;
}

const requestTimeoutMilliseconds = 30_000;
const rewatchMilliseconds = 500;
/** How long a server may be away, or answer that it cannot now, before a wait is given up. */
const patienceMilliseconds = 30_000;

export function makeClient(config: KubeConfig, signal: AbortSignal): Client {
    const server = config.getCurrentCluster()?.server ?? "";

    async function request(method: string, path: string, query: Query = {}, body?: { type: string; value: Value }) {
        const url = new URL(server.replace(/\/$/, "") + path);
        for (const [key, value] of Object.entries(query)) url.searchParams.set(key, value);
        const text = body && JSON.stringify(body.value);
        const options: https.RequestOptions = {
            method,
            signal,
            headers: {
                accept: "application/json",
                ...(body && { "content-type": body.type, "content-length": Buffer.byteLength(text ?? "") }),
            },
        };
        await config.applyToHTTPSOptions(options);
        const answer = await send(url, options, text).catch((error: unknown) => {
            if (signal.aborted) throw new Error(`${method} ${path} was cancelled`);
            const cause = error instanceof Error ? error.message : String(error);
            throw new Error(`the Kubernetes API server at ${server} cannot be reached: ${cause}`);
        });
        const value = parse(answer.text);
        if (answer.status >= 200 && answer.status < 300) return value;
        const message =
            stringAt(value, "message") || `${method} ${path}: HTTP ${answer.status} ${answer.text.slice(0, 200)}`;
        throw new ApiError(
            message,
            answer.status,
            stringAt(value, "reason"),
            isObject(value.details) ? value.details : {},
        );
    }

    function follow(...[path, query, until, onEvent, onError]: Parameters<Client["follow"]>): void {
        const run = async () => {
            let lastAnswer = Date.now();
            while (!until.aborted) {
                try {
                    const list = await request("GET", path, query);
                    for (const item of listAt(list, "items")) {
                        if (!until.aborted && isObject(item)) onEvent({ type: "ADDED", object: item });
                    }
                    const resourceVersion = stringAt(list, "metadata", "resourceVersion");
                    await watchOnce(config, path, { ...query, resourceVersion }, until, onEvent);
                    lastAnswer = Date.now();
                } catch (error) {
                    if (isRefusal(error) || Date.now() - lastAnswer > patienceMilliseconds) throw error;
                }
                // The server ends a watch now and then; what was missed meanwhile is in the next list.
                if (!until.aborted) await new Promise((resolve) => setTimeout(resolve, rewatchMilliseconds));
            }
        };
        run().catch((error: unknown) => {
            if (!until.aborted) onError(error instanceof Error ? error : new Error(String(error)));
        });
    }

    return { request, follow };
}

/** Whether the server has said no for good; otherwise it may be starting, or have too much to do. */
function isRefusal(error: unknown): boolean {
    return error instanceof ApiError && error.code < 500 && error.code !== 429;
}

async function watchOnce(
    config: KubeConfig,
    path: string,
    query: Query,
    until: AbortSignal,
    onEvent: (event: WatchEvent) => void,
): Promise<void> {
    if (until.aborted) return;
    await new Promise<void>((resolve) => {
        const onObject = (type: string, object: unknown) => {
            if (until.aborted) return;
            if (type === "ADDED" || type === "MODIFIED" || type === "DELETED") {
                onEvent({ type, object: object as Properties });
            } else if (type === "ERROR") {
                resolve();
            }
        };
        // However a watch ends, the list that follows tells whether the server is there.
        const done = () => {
            resolve();
        };
        const controller = new Watch(config).watch(path, query, onObject, done);
        const stop = () => {
            void controller.then((watching) => {
                watching.abort();
            }, done);
            resolve();
        };
        controller.catch(done);
        until.addEventListener("abort", stop, { once: true });
    });
}

function send(url: URL, options: https.RequestOptions, body: string | undefined) {
    return new Promise<{ status: number; text: string }>((resolve, reject) => {
        const { request } = url.protocol === "http:" ? http : https;
        const outgoing = request(url, options, (response) => {
            const chunks: Buffer[] = [];
            response.on("data", (chunk: Buffer) => chunks.push(chunk));
            response.on("end", () => {
                resolve({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString("utf8") });
            });
            response.on("error", reject);
        });
        outgoing.on("error", reject);
        outgoing.setTimeout(requestTimeoutMilliseconds, () => {
            outgoing.destroy(new Error(`no answer within ${requestTimeoutMilliseconds / 1000} s`));
        });
        outgoing.end(body);
    });
}

function parse(text: string): Properties {
    try {
        const value = JSON.parse(text) as Value;
        return isObject(value) ? value : {};
    } catch {
        return {};
    }
}
