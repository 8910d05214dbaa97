import { createHash } from "node:crypto";
import { type IncomingMessage, type ServerResponse, createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { WebSocket, WebSocketServer } from "ws";
import { accountName } from "./access/access";
import type { Bounds } from "./bounds/bounds";
import type { Engine } from "./engine";
import { health, isHealthPath } from "./health";
import { LogSummary } from "./logSummary";
import type { Origins } from "./origins";
import { BoundedSocket } from "./sessions/boundedSocket";
import { ClientConnection } from "./sessions/clientConnection";

/** An upgrade as ws tells of it, and how it is told the decision; the rest counts for a refusal only. */
type Upgrade = Readonly<{ origin: string | undefined; req: IncomingMessage }>;
type Decide = (isAdmitted: boolean, code: number, message: string | undefined, headers: Record<string, string>) => void;

// Spelled as ws spells it, which it takes the place of.
const plainText = { "Content-Type": "text/plain; charset=utf-8" };
const forbidden = 403;
const serviceUnavailable = 503;
const goingAway = 1001;
const sessionRefused = 1008;
const messageTooBig = 1009;
/** More of them than any client makes of one message: each takes memory, however short it is. */
const mostFrames = 1024;
/** What a log line tells of a path. */
const longestPath = 256;
/** Longer keys of sessions are kept as their hash. */
const longestKey = 128;
/** For requests under way, so that a document that is being saved is saved. */
const patienceMilliseconds = 3_000;
/** After which TCP asks whether a client is still there. */
const silenceMilliseconds = 60_000;

/** The engine's port: QIX over websockets on every path, and health over HTTP. */
export class Server {
    readonly #connections = new Set<ClientConnection>();
    // Kept alive, because a client whose machine is gone would otherwise keep its session for ever.
    readonly #http = createServer(
        { keepAlive: true, keepAliveInitialDelay: silenceMilliseconds },
        (request, response) => this.#answer(request, response),
    );
    readonly #websockets: WebSocketServer;
    /** Who is refused can be so thousands of times a second. The audit trail tells of each. */
    readonly #refusals = new LogSummary((what, others) => this.engine.log.warn(`${what}${others}`));

    constructor(
        private readonly engine: Engine,
        private readonly origins: Origins,
    ) {
        this.#websockets = new WebSocketServer({
            server: this.#http,
            maxPayload: engine.bounds.limit("MessageLimit"),
            maxFragments: mostFrames,
            verifyClient: ({ origin, req }: Upgrade, decide: Decide) => this.#admit(origin, req, decide),
            WebSocket: socketClass(engine.bounds),
        });
        this.#websockets.on("connection", (socket, request) => this.#connect(socket, request));
    }

    /** @param address all of the machine's if empty. @returns the port, chosen by the system if 0 was asked for. */
    listen(port: number, address: string): Promise<number> {
        return new Promise((resolve, reject) => {
            // ws passes the server's errors on; without a listener they would be thrown.
            this.#websockets.once("error", reject);
            this.#http.listen(port, address || undefined, () => {
                this.#websockets.off("error", reject);
                this.#websockets.on("error", (error) => this.engine.log.error(`Server: ${error.message}`));
                resolve((this.#http.address() as AddressInfo).port);
            });
        });
    }

    /** Takes no more requests, waits a little for those under way, and closes every socket. */
    async stop(): Promise<void> {
        this.#http.close();
        this.#http.closeIdleConnections();
        const connections = [...this.#connections];
        const patience = new Promise((resolve) => setTimeout(resolve, patienceMilliseconds).unref());
        await Promise.race([Promise.all(connections.map((connection) => connection.stop())), patience]);
        for (const connection of connections) {
            connection.close(goingAway, "The engine is shutting down");
        }
        await Promise.race([this.#drained(), patience]);
    }

    #answer(request: IncomingMessage, response: ServerResponse): void {
        const path = pathOf(request);
        if (request.method === "GET" && isHealthPath(path)) {
            const started = performance.now();
            const body = Buffer.from(JSON.stringify(health(this.engine)));
            response.once("finish", () =>
                this.engine.httpAnswers.observe(path, (performance.now() - started) / 1000, body.length),
            );
            response.writeHead(200, { "content-type": "application/json" }).end(body);
        } else {
            response.writeHead(404).end();
        }
    }

    /** Before the upgrade, so that who is refused costs nothing but an answer. */
    #admit(origin: string | undefined, request: IncomingMessage, decide: Decide): void {
        const pageRefusal = this.origins.refusal(origin);
        const full = pageRefusal ? undefined : this.engine.transport.sockets.take(hostOf(request));
        const refusal = pageRefusal ?? (full && `There are as many sockets as may be, by ${full}: try again later.`);
        const code = full ? serviceUnavailable : forbidden;
        if (refusal) {
            this.#auditRefusal(addressOf(request), code, refusal);
        } else {
            const host = hostOf(request);
            request.socket.once("close", () => this.engine.transport.sockets.release(host));
        }
        decide(!refusal, code, refusal, plainText);
    }

    #connect(websocket: WebSocket, request: IncomingMessage): void {
        const address = addressOf(request);
        // Before anything else: an error that nobody listens to would end the process.
        websocket.on("error", (error) => this.engine.log.warn(`Socket of ${address}: ${error.message}`));
        const socket = new BoundedSocket(websocket, request.socket, address, this.engine.transport);
        const { key, ttl } = readAddress(request);
        const joined = this.engine.sessions.join(key, hostOf(request), ttl);
        if (typeof joined === "string") {
            const refusal = `There are as many sessions as may be, by ${joined}.`;
            this.#auditRefusal(address, sessionRefused, refusal);
            void socket.send(onConnected("SESSION_ERROR_LIMIT_EXCEEDED"));
            socket.close(sessionRefused, refusal);
            return;
        }
        const { session, isNew } = joined;
        const connection = new ClientConnection(socket, session, this.engine);
        const user = accountName(session.access.user);
        // Without the query, where clients put tokens.
        const path = pathOf(request).slice(0, longestPath);
        this.engine.log.info(`Connected to ${address} as user '${user}' for '${path}'.`);
        this.#connections.add(connection);
        websocket.on("close", (code) => {
            this.engine.log.info(`Socket of ${address} closed with code ${code}.`);
            this.#connections.delete(connection);
            this.engine.sessions.leave(session, connection);
        });
        // The one greeting that clients wait for, before the answer to anything.
        void socket.send(onConnected(isNew ? "SESSION_CREATED" : "SESSION_ATTACHED"));
        socket.answerWith((message) => connection.receive(message));
    }

    #auditRefusal(address: string, code: number, reason: string): void {
        this.#refusals.add(`${address} is refused: ${reason}`);
        const nothing = { user: "", method: "", id: "", title: "" };
        this.engine.audit.write({ ...nothing, address, action: "connect", outcome: "refused", code, reason });
    }

    async #drained(): Promise<void> {
        while (this.#connections.size > 0) {
            await new Promise((resolve) => setTimeout(resolve, 10));
        }
    }
}

function onConnected(qSessionState: string): string {
    return JSON.stringify({ jsonrpc: "2.0", method: "OnConnected", params: { qSessionState } });
}

/**
 * The session that a socket asks for: by the header X-Qlik-Session, else by its path without `ttl/<seconds>`.
 * Nothing else in the path matters.
 */
function readAddress(request: IncomingMessage): { key: string; ttl: number | undefined } {
    const path = pathOf(request);
    const ttl = /\/ttl\/(-?\d+)(?=\/|$)/.exec(path);
    const header = request.headers["x-qlik-session"];
    const key = header ? `header ${String(header)}` : `path ${ttl ? path.replace(ttl[0], "") : path}`;
    return {
        key: key.length > longestKey ? createHash("sha256").update(key).digest("hex") : key,
        ttl: ttl ? Number(ttl[1]) : undefined,
    };
}

function addressOf({ socket }: IncomingMessage): string {
    return `${socket.remoteAddress}:${socket.remotePort}`;
}

function hostOf({ socket }: IncomingMessage): string {
    return socket.remoteAddress ?? "";
}

/** ws closes the socket of a message that is too long with the code alone. This adds which flag says so. */
function socketClass(bounds: Bounds): typeof WebSocket {
    return class extends WebSocket {
        override close(code?: number, reason?: string | Buffer): void {
            const isTooBig = code === messageTooBig && reason === undefined;
            super.close(code, isTooBig ? `The message is longer than ${bounds.refuse("MessageLimit")} bytes.` : reason);
        }
    };
}

function pathOf(request: IncomingMessage): string {
    return (request.url ?? "/").replace(/[?#].*$/s, "");
}
