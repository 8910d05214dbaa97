import { randomUUID } from "node:crypto";
import { access, readFile } from "node:fs/promises";
import type { Socket } from "node:net";
import { hostname } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { Connection, type Channel } from "rabbitmq-client";
import type { Log } from "../log";
import { type SyncEvent, toSyncEvent } from "./events";

export interface Broker {
    readonly host: string;
    readonly port: number;
    /** Holds the files `username` and `password`. */
    readonly loginDirectory: string;
}

export interface EventBusStatus {
    readonly broker: string;
    readonly state: "connected" | "blocked" | "disconnected";
    /** When that state began; ISO 8601 in UTC. */
    readonly since: string;
    readonly lastError?: string;
    /** Events that the broker has not confirmed. */
    readonly unconfirmed: number;
    readonly published: number;
    readonly received: number;
}

export const exchange = "document-sync.events";
const contentType = "application/cloudevents+json";
/** Bytes; many times what is agreed with a broker. */
const longestFrame = 1024 * 1024;
const firstPauseMilliseconds = 100;
const longestPauseMilliseconds = 2_000;
const farewellMilliseconds = 1_000;
/** Seconds; a broker that vanishes without a word is noticed after about twice this. */
const heartbeat = 5;

interface Handlers {
    /** An event of another engine. */
    onEvent(event: SyncEvent): void;
    /** Events are coming in, for the first time or again: whatever happened until now may have been missed. */
    onConnected(): void;
}

/**
 * Change events between engines over RabbitMQ: a durable topic exchange, and for each connection of each engine a queue of
 * its own, which goes with the connection. What an engine missed meanwhile it finds on the volume.
 *
 * An event that the broker has not confirmed is kept and published again on the next connection, the latest one of each
 * subject. Whatever goes wrong with a connection ends it and begins a new one: with the login as it is then, the name
 * resolved anew, and everything declared again.
 */
export class EventBus {
    readonly source = `//${hostname()}/engine/${randomUUID()}`;
    readonly #unconfirmed = new Map<string, SyncEvent>();
    #connection: Connection | undefined;
    #publisher: Channel | undefined;
    #retry: NodeJS.Timeout | undefined;
    #pause = firstPauseMilliseconds;
    #stopped = false;
    #state: EventBusStatus["state"] = "disconnected";
    #since = new Date().toISOString();
    #lastError: string | undefined;
    #published = 0;
    #received = 0;

    constructor(
        private readonly broker: Broker,
        private readonly log: Log,
        private readonly handlers: Handlers,
    ) {}

    get status(): EventBusStatus {
        return {
            broker: `${this.broker.host}:${this.broker.port}`,
            state: this.#state,
            since: this.#since,
            ...(this.#lastError && { lastError: this.#lastError }),
            unconfirmed: this.#unconfirmed.size,
            published: this.#published,
            received: this.#received,
        };
    }

    /** Connects, and connects again whenever that ends. Never fails: local work does not depend on the broker. */
    start(): void {
        void this.#connect();
    }

    /** Returns at once; the broker is told of the event now, or when it is there. */
    publish(event: SyncEvent): void {
        this.#unconfirmed.set(event.subject, event);
        void this.#send(event);
    }

    /** Gives events that were just published a moment to be confirmed, and disconnects. */
    async stop(): Promise<void> {
        const deadline = Date.now() + farewellMilliseconds;
        while (this.#state === "connected" && this.#unconfirmed.size > 0 && Date.now() < deadline) {
            await delay(10);
        }
        this.#stopped = true;
        clearTimeout(this.#retry);
        this.#connection?.unsafeDestroy();
    }

    async #connect(): Promise<void> {
        let connection: Connection | undefined;
        try {
            const login = await readLogin(this.broker.loginDirectory);
            if (this.#stopped) {
                return;
            }
            connection = this.#open(login);
            await this.#subscribe(connection);
            const publisher = await this.#acquire(connection);
            await publisher.confirmSelect();
            if (connection !== this.#connection) {
                return;
            }
            this.#publisher = publisher;
        } catch (error) {
            this.#lose(connection, error);
            return;
        }
        this.#enter("connected");
        this.#lastError = undefined;
        this.log.info(`Connected to the event bus at ${this.status.broker}.`);
        this.#unconfirmed.set("engine", { type: "document-sync.engine.connected", subject: "engine", data: {} });
        for (const event of this.#unconfirmed.values()) {
            void this.#send(event);
        }
        this.handlers.onConnected();
    }

    #open(login: { username: string; password: string }): Connection {
        const connection = new Connection({
            hostname: this.broker.host,
            port: this.broker.port,
            ...login,
            connectionName: this.source,
            connectionTimeout: 3_000,
            acquireTimeout: 10_000,
            heartbeat,
        });
        refuseOversizedFrames(connection);
        this.#connection = connection;
        connection.on("error", (error) => this.#lose(connection, error));
        connection.on("connection.blocked", (reason) => {
            this.log.warn(`The broker takes no events for now: ${reason}.`);
            this.#enter("blocked");
        });
        connection.on("connection.unblocked", () => this.#enter("connected"));
        return connection;
    }

    async #acquire(connection: Connection): Promise<Channel> {
        const channel = await connection.acquire({ emitErrorsFromChannel: true });
        channel.on("error", (error) => this.#lose(connection, error));
        // A channel also ends with its connection, which then says why in the same turn.
        const closed = new Error("the broker closed a channel");
        channel.on("close", () => setImmediate(() => this.#lose(connection, closed)));
        return channel;
    }

    async #subscribe(connection: Connection): Promise<void> {
        const channel = await this.#acquire(connection);
        channel.on("basic.cancel", () => this.#lose(connection, new Error("the broker took the queue away")));
        await channel.exchangeDeclare({ exchange, type: "topic", durable: true });
        const queue = `document-sync.engine.${hostname()}.${randomUUID()}`;
        await channel.queueDeclare({ queue, exclusive: true, autoDelete: true });
        await channel.queueBind({ exchange, queue, routingKey: "#" });
        // Without acknowledgements: an event that is lost with the connection is made up for on the next one.
        await channel.basicConsume({ queue, noAck: true }, (message) => this.#receive(message.body));
    }

    #receive(body: unknown): void {
        const message = parseMessage(body);
        if (message.source === this.source) {
            return;
        }
        const event = toSyncEvent(message);
        if (!event) {
            this.log.warn("A message on the event bus was ignored: it is no event that this engine knows.");
            return;
        }
        this.#received++;
        this.handlers.onEvent(event);
    }

    async #send(event: SyncEvent): Promise<void> {
        const publisher = this.#publisher;
        const connection = this.#connection;
        if (!publisher) {
            return;
        }
        const { type, subject, data } = event;
        const id = randomUUID();
        const time = new Date().toISOString();
        const datacontenttype = "application/json";
        const message = { specversion: "1.0", id, source: this.source, type, subject, time, datacontenttype, data };
        try {
            await publisher.basicPublish(
                { exchange, routingKey: type, contentType, messageId: id, durable: true },
                Buffer.from(JSON.stringify(message)),
            );
        } catch (error) {
            this.#lose(connection, error);
            return;
        }
        this.#published++;
        // Not when connected: one that may not publish would come back every tenth of a second.
        this.#pause = firstPauseMilliseconds;
        // Not if a newer event of this subject has taken its place meanwhile.
        if (this.#unconfirmed.get(subject) === event) {
            this.#unconfirmed.delete(subject);
        }
    }

    /** Ends a connection for whatever reason and plans the next one. Said again of one that has ended, it does nothing. */
    #lose(connection: Connection | undefined, error: unknown): void {
        if (this.#stopped || connection !== this.#connection) {
            return;
        }
        this.#connection = undefined;
        this.#publisher = undefined;
        connection?.unsafeDestroy();
        const reason = describe(error);
        if (this.#state !== "disconnected" || reason !== this.#lastError) {
            this.log.warn(
                `No event bus at ${this.status.broker} (${reason}): other engines are told when it is there.`,
            );
        }
        this.#lastError = reason;
        if (this.#state !== "disconnected") {
            this.#enter("disconnected");
        }
        this.#retry = setTimeout(() => void this.#connect(), this.#pause);
        this.#pause = Math.min(this.#pause * 2, longestPauseMilliseconds);
    }

    #enter(state: EventBusStatus["state"]): void {
        this.#state = state;
        this.#since = new Date().toISOString();
    }
}

/**
 * Keeps a peer that is no broker from ending the process: the client takes the first bytes of whatever answers, such as an
 * HTTP server, for the length of a frame, and node throws at a read of a gigabyte where nobody can catch it. Told that there
 * is nothing to read, the client waits until its connection timeout.
 */
function refuseOversizedFrames(connection: Connection): void {
    const { _socket: socket } = connection as unknown as { _socket: Socket };
    const read = socket.read.bind(socket);
    socket.read = (size?: number): unknown => (size !== undefined && size > longestFrame ? null : read(size));
}

/** Without a login directory, the account that the historical engine uses. */
async function readLogin(directory: string): Promise<{ username: string; password: string }> {
    try {
        const [username, password] = await Promise.all(
            ["username", "password"].map(async (name) => (await readFile(join(directory, name), "utf8")).trim()),
        );
        return { username: username ?? "", password: password ?? "" };
    } catch (error) {
        const { code, path } = error as NodeJS.ErrnoException;
        if (code === "ENOENT" && !(await isThere(directory))) {
            return { username: "guest", password: "guest" };
        }
        throw new Error(`the login file ${path} could not be read (${code})`, { cause: error });
    }
}

async function isThere(path: string): Promise<boolean> {
    return access(path).then(
        () => true,
        (error: NodeJS.ErrnoException) => error.code !== "ENOENT",
    );
}

function parseMessage(body: unknown): Record<string, unknown> {
    try {
        // The client parses `application/json` itself, and gives `text/plain` as a string.
        const message: unknown = Buffer.isBuffer(body) || typeof body === "string" ? JSON.parse(String(body)) : body;
        return typeof message === "object" && message !== null ? (message as Record<string, unknown>) : {};
    } catch {
        return {};
    }
}

function describe(error: unknown): string {
    if (!(error instanceof Error)) {
        return String(error);
    }
    // Of a name with several addresses, node reports one error for all, without a message.
    return error instanceof AggregateError ? error.errors.map(describe).join(", ") : error.message;
}
