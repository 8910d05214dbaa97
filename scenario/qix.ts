import { randomUUID } from "node:crypto";
import { createRequire } from "node:module";
import { setTimeout as sleep } from "node:timers/promises";
import enigma from "enigma.js";
import WebSocket from "ws";
import { type Engine, nameOf } from "./engines";

/** The API of the engines that spoke to RabbitMQ, and of every later one. */
const schema = createRequire(__filename)("enigma.js/schemas/12.20.0.json") as object;

/** What enigma.js makes of a session's first handle, as far as the scenario calls it. */
export interface Global extends EnigmaJS.QixObject {
    createApp(name: string): Promise<{ qSuccess: boolean; qAppId: string }>;
    openDoc(id: string): Promise<Doc>;
    deleteApp(id: string): Promise<boolean>;
    getDocList(): Promise<readonly { qDocId: string; qDocName: string }[]>;
    configureReload(cancelOnError: boolean, useErrorData: boolean, interactOnError: boolean): Promise<object>;
    getProgress(requestId: number): Promise<{ qErrorData?: readonly { qErrorString: string; qLine?: string }[] }>;
}

/** What enigma.js makes of a document's handle, as far as the scenario calls it. */
export interface Doc extends EnigmaJS.QixObject {
    setScript(script: string): Promise<object>;
    getScript(): Promise<string>;
    doReload(): Promise<boolean>;
    doSave(): Promise<object>;
    getAppLayout(): Promise<{ qTitle: string; qLastReloadTime?: string }>;
}

/** A session that is open. */
export interface Session {
    readonly global: Global;
    /** Whether the engine had this session before, opened by another connection. */
    readonly attached: boolean;
    close(): Promise<void>;
}

/** How long an engine may take for its greeting, and for one answer, in seconds. */
const answerSeconds = 15;

/**
 * Opens a session on an engine.
 *
 * @param identity Connections to one engine with the same one share a session. Defaults to one that nobody else has.
 * @throws Error with the engine's own words, if it does not take the session; so does every later call.
 */
export async function openSession(engine: Engine, identity: string = randomUUID()): Promise<Session> {
    const session = enigma.create({
        schema,
        url: `${engine.url}/app/engineData/identity/${identity}`,
        // enigma.js asks for the browser's WebSocket, and documents ws for Node.
        createSocket: (url) => new WebSocket(url) as unknown as globalThis.WebSocket,
        ...answersInTime(engine),
    });
    const greeted = new Promise<{ qSessionState: string }>((resolve) =>
        session.on("notification:OnConnected", resolve),
    );
    const global = await session
        .open<Global>()
        .catch((error: { message?: string; original?: { message?: string } }) => {
            throw new Error(
                `${nameOf(engine)} takes no session: ${error.original?.message || error.message || "closed"}.`,
            );
        });

    const greeting = await Promise.race([greeted, sleep(answerSeconds * 1000, undefined, { ref: false })]);
    const state = greeting?.qSessionState ?? `no OnConnected within ${answerSeconds} s`;
    if (state !== "SESSION_CREATED" && state !== "SESSION_ATTACHED") {
        await session.close();
        throw new Error(`${nameOf(engine)} takes no session: ${state}.`);
    }
    return { global, attached: state === "SESSION_ATTACHED", close: () => session.close() };
}

/** Closes the session on a call that gets no answer, and puts the engine's code, parameter and message into what is thrown. */
function answersInTime(engine: Engine): Pick<EnigmaJS.Configuration, "requestInterceptors" | "responseInterceptors"> {
    const deadlines = new WeakMap<object, NodeJS.Timeout>();
    const late = new WeakSet<object>();
    return {
        requestInterceptors: [
            {
                onFulfilled(session, request) {
                    const expire = () => {
                        late.add(request);
                        void session.close();
                    };
                    deadlines.set(request, setTimeout(expire, answerSeconds * 1000));
                    return request;
                },
            },
        ],
        responseInterceptors: [
            {
                onFulfilled(_, request, response) {
                    clearTimeout(deadlines.get(request));
                    return response;
                },
                onRejected(_, request, error: Error & { code?: number; parameter?: string }) {
                    clearTimeout(deadlines.get(request));
                    const { code, parameter, message } = error;
                    const reason = late.has(request)
                        ? `no answer within ${answerSeconds} s`
                        : `${message} (code ${code}${parameter ? `, ${parameter}` : ""})`;
                    throw new Error(`${request.method} on ${nameOf(engine)}: ${reason}`);
                },
            },
        ],
    };
}
