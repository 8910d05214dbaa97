import { randomUUID } from "node:crypto";
import type { Socket } from "node:net";
import { hostname } from "node:os";
import { setTimeout as delay } from "node:timers/promises";
import { Connection, type Channel } from "rabbitmq-client";
import type { Log } from "../log";
import { LogSummary } from "../logSummary";
import { Echo } from "./echo";
import { type BusMessage, type SyncEvent, parseBody, toBusMessage } from "./events";
import { ExchangeError, exchange, findExchange } from "./exchange";
import { type Login, readLogin } from "./login";
import { type HeardEngine, Presence, sourceOf } from "./presence";

export interface Broker {
    readonly host: string;
    readonly port: number;
    /** Holds the files `username` and `password`. */
    readonly loginDirectory: string;
    /** Within these seconds of the broker's confirmation, what an engine publishes must have come back to it. */
    readonly echoTimeout: number;
    /** An engine of which nothing has come back for these seconds says that it is there. */
    readonly pingInterval: number;
}

export interface EventBusStatus {
    /** This engine's own id on the bus. */
    readonly id: string;
    readonly broker: string;
    /** Connected only after something that this engine has published on the connection came back to it. */
    readonly state: "connected" | "blocked" | "disconnected";
    /** When that state began; ISO 8601 in UTC. */
    readonly since: string;
    readonly lastError?: string;
    /** Events that the broker has not confirmed. */
    readonly unconfirmed: number;
    readonly published: number;
    readonly received: number;
    /** When any engine's message came last, its own included; ISO 8601 in UTC. */
    readonly lastHeard?: string;
    /** The other engines that were heard of lately. */
    readonly engines: readonly HeardEngine[];
}

const contentType = "application/cloudevents+json";
/** Events; more than that are told faster by asking the others to look at everything. */
const mostUnconfirmed = 1_000;
/** Bytes; many times what is agreed with a broker. */
const longestFrame = 1024 * 1024;
const firstPauseMilliseconds = 100;
const longestPauseMilliseconds = 2_000;
/** As long as somebody has to see to the exchange. Each attempt is an error in the broker's log, too. */
const pauseWithoutExchangeMilliseconds = 10_000;
/** How long newcomers are waited for, to greet them all at once. */
const greetingMilliseconds = 200;
/** A silence of so many intervals between pings. */
const goneAfterPings = 3;
const farewellMilliseconds = 1_000;
/** Seconds; a broker that vanishes without a word is noticed after about twice this. */
const heartbeat = 5;

interface Handlers {
    /** An event of another engine. */
    onEvent(event: SyncEvent): void;
    /** Events are coming in, for the first time or again: whatever happened until now may have been missed. */
    onConnected(): void;
}

const connected: SyncEvent = { type: "document-sync.engine.connected", subject: "engine", data: {} };
const alive: BusMessage = { type: "document-sync.engine.alive", subject: "engine", data: {} };

/**
 * Change events between engines over RabbitMQ: a durable topic exchange, and for each connection of each engine a queue of
 * its own, which goes with the connection. What an engine missed meanwhile it finds on the volume.
 *
 * That a broker confirms does not show that anybody hears: an exchange or a binding can go under a living connection. So what
 * an engine publishes must come back to it, and a quiet engine publishes that it is there.
 *
 * An event that the broker has not confirmed is kept and published again on the next connection, the latest one of each
 * subject. Where there are too many to keep, the others are asked to look at everything. Whatever goes wrong with a connection ends it and begins a new one: with the login as it is then, the name
 * resolved anew, and everything declared again.
 */
export class EventBus {
    readonly #id = randomUUID();
    readonly #source = sourceOf(hostname(), this.#id);
    readonly #unconfirmed = new Map<string, SyncEvent>();
    readonly #echo: Echo;
    readonly #presence: Presence;
    readonly #junk: LogSummary;
    #connection: Connection | undefined;
    #publisher: Channel | undefined;
    #retry: NodeJS.Timeout | undefined;
    #nextPing: NodeJS.Timeout | undefined;
    #greeting: NodeJS.Timeout | undefined;
    #pause = firstPauseMilliseconds;
    #stopped = false;
    /** Something that was published on this connection came back. */
    #isProven = false;
    /** The last connection ended because nothing came back. */
    #isExchangeSuspect = false;
    /** It is suspect, and this connection's login is not told of which kind it is. */
    #isExchangeUnknown = false;
    #state: EventBusStatus["state"] = "disconnected";
    #since = new Date().toISOString();
    #lastError: string | undefined;
    #lastHeard: string | undefined;
    #published = 0;
    #received = 0;

    constructor(
        private readonly broker: Broker,
        private readonly log: Log,
        private readonly handlers: Handlers,
    ) {
        this.#echo = new Echo(broker.echoTimeout * 1000, {
            ask: () => this.#ping(),
            missed: () => this.#loseUnheard(),
        });
        this.#presence = new Presence(goneAfterPings * broker.pingInterval * 1000, log);
        this.#junk = new LogSummary((what, others) =>
            log.warn(`A message on the event bus was ignored: ${what}${others}.`),
        );
    }

    get status(): EventBusStatus {
        return {
            id: this.#id,
            broker: `${this.broker.host}:${this.broker.port}`,
            state: this.#state,
            since: this.#since,
            ...(this.#lastError && { lastError: this.#lastError }),
            unconfirmed: this.#unconfirmed.size,
            published: this.#published,
            received: this.#received,
            ...(this.#lastHeard && { lastHeard: this.#lastHeard }),
            engines: this.#presence.engines,
        };
    }

    /** Connects, and connects again whenever that ends. Never fails: local work does not depend on the broker. */
    start(): void {
        void this.#connect();
    }

    /** Returns at once; the broker is told of the event now, or when it is there. */
    publish(event: SyncEvent): void {
        this.#unconfirmed.set(event.subject, event);
        if (this.#unconfirmed.size <= mostUnconfirmed) {
            void this.#send(event);
            return;
        }
        this.#unconfirmed.clear();
        this.#unconfirmed.set(connected.subject, connected);
        void this.#send(connected);
    }

    /** Gives events that were just published a moment to be confirmed, and disconnects. */
    async stop(): Promise<void> {
        const deadline = Date.now() + farewellMilliseconds;
        while (this.#state === "connected" && this.#unconfirmed.size > 0 && Date.now() < deadline) {
            await delay(10);
        }
        this.#stopped = true;
        clearTimeout(this.#retry);
        this.#expectNothing();
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
        this.#unconfirmed.set(connected.subject, connected);
        for (const event of this.#unconfirmed.values()) {
            void this.#send(event);
        }
        this.#ping();
    }

    /** The first message of this connection came back. */
    #prove(): void {
        this.#isProven = true;
        this.#isExchangeSuspect = false;
        this.#isExchangeUnknown = false;
        // Not when connected: one that may not publish would come back every tenth of a second.
        this.#pause = firstPauseMilliseconds;
        this.#enter("connected");
        this.#lastError = undefined;
        this.log.info(`Connected to the event bus at ${this.status.broker}.`);
        this.handlers.onConnected();
    }

    #open(login: Login): Connection {
        const connection = new Connection({
            hostname: this.broker.host,
            port: this.broker.port,
            ...login,
            connectionName: this.#source,
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
            // Until it does, nothing can come back.
            this.#expectNothing();
        });
        connection.on("connection.unblocked", () => {
            this.#enter(this.#isProven ? "connected" : "disconnected");
            this.#ping();
        });
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
        this.#isExchangeUnknown = await findExchange(connection, this.#isExchangeSuspect);
        const channel = await this.#acquire(connection);
        channel.on("basic.cancel", () => this.#lose(connection, new Error("the broker took the queue away")));
        const queue = `document-sync.engine.${hostname()}.${randomUUID()}`;
        await channel.queueDeclare({ queue, exclusive: true, autoDelete: true });
        await channel.queueBind({ exchange, queue, routingKey: "#" });
        // Without acknowledgements: an event that is lost with the connection is made up for on the next one.
        await channel.basicConsume({ queue, noAck: true }, (message) => this.#receive(message.body));
    }

    #receive(body: unknown): void {
        const content = parseBody(body);
        const { id, source } = content;
        if (source === this.#source) {
            this.#receiveOwn(id);
            return;
        }
        const message = toBusMessage(content);
        if (!message) {
            this.#junk.add("it is none that this engine knows");
            return;
        }
        this.#lastHeard = new Date().toISOString();
        this.#presence.heard(source);
        if (message.type === "document-sync.engine.alive") {
            return;
        }
        this.#received++;
        if (message.type === "document-sync.engine.connected") {
            // A newcomer can't have heard of this engine. Any number of them at once are told together.
            this.#greeting ??= setTimeout(() => {
                this.#greeting = undefined;
                this.#ping();
            }, greetingMilliseconds);
        }
        this.handlers.onEvent(message);
    }

    #receiveOwn(id: unknown): void {
        if (typeof id !== "string" || !this.#echo.cameBack(id)) {
            return;
        }
        this.#lastHeard = new Date().toISOString();
        clearTimeout(this.#nextPing);
        this.#nextPing = setTimeout(() => {
            this.#presence.forgetGone();
            this.#ping();
        }, this.broker.pingInterval * 1000);
        if (!this.#isProven) {
            this.#prove();
        }
    }

    async #send(event: SyncEvent): Promise<void> {
        const id = randomUUID();
        if (!(await this.#publish(id, event))) {
            return;
        }
        this.#echo.expect(id);
        this.#published++;
        // Not if a newer event of this subject has taken its place meanwhile.
        if (this.#unconfirmed.get(event.subject) === event) {
            this.#unconfirmed.delete(event.subject);
        }
    }

    /** Says that this engine is there, unless the broker takes nothing for now. */
    #ping(): void {
        if (this.#state === "blocked") {
            return;
        }
        const id = randomUUID();
        void this.#publish(id, alive);
        // From now on and not from the confirmation: it shows, too, that the broker still confirms.
        this.#echo.expect(id);
    }

    /** @returns whether the broker has confirmed it. */
    async #publish(id: string, { type, subject, data }: BusMessage): Promise<boolean> {
        const publisher = this.#publisher;
        const connection = this.#connection;
        if (!publisher) {
            return false;
        }
        const time = new Date().toISOString();
        const datacontenttype = "application/json";
        const message = { specversion: "1.0", id, source: this.#source, type, subject, time, datacontenttype, data };
        this.#echo.sent(id);
        try {
            await publisher.basicPublish(
                { exchange, routingKey: type, contentType, messageId: id, durable: true },
                Buffer.from(JSON.stringify(message)),
            );
            return true;
        } catch (error) {
            this.#lose(connection, error);
            return false;
        }
    }

    #loseUnheard(): void {
        this.#isExchangeSuspect = true;
        const seconds = this.broker.echoTimeout;
        // Not at the first time: an echo can be missed for other reasons, and a new connection ends those.
        const error = this.#isExchangeUnknown
            ? new ExchangeError(
                  `nothing comes back through the exchange ${exchange}, and this login may not ask of which kind it is; ` +
                      `see that it is durable and of the kind "topic"`,
              )
            : new Error(`what this engine publishes does not come back within ${seconds} s`);
        this.#lose(this.#connection, error);
    }

    /** Ends a connection for whatever reason and plans the next one. Said again of one that has ended, it does nothing. */
    #lose(connection: Connection | undefined, error: unknown): void {
        if (this.#stopped || connection !== this.#connection) {
            return;
        }
        this.#connection = undefined;
        this.#publisher = undefined;
        this.#isProven = false;
        this.#expectNothing();
        connection?.unsafeDestroy();
        const reason = describe(error);
        const isForSomebody = error instanceof ExchangeError;
        if (this.#state !== "disconnected" || reason !== this.#lastError) {
            this.log[isForSomebody ? "error" : "warn"](
                `No event bus at ${this.status.broker} (${reason}): other engines are told when it is there.`,
            );
        }
        this.#lastError = reason;
        if (this.#state !== "disconnected") {
            this.#enter("disconnected");
        }
        const pause = isForSomebody ? pauseWithoutExchangeMilliseconds : this.#pause;
        this.#retry = setTimeout(() => void this.#connect(), pause);
        this.#pause = Math.min(this.#pause * 2, longestPauseMilliseconds);
    }

    #expectNothing(): void {
        this.#echo.clear();
        clearTimeout(this.#nextPing);
        clearTimeout(this.#greeting);
        this.#greeting = undefined;
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

function describe(error: unknown): string {
    if (!(error instanceof Error)) {
        return String(error);
    }
    // Of a name with several addresses, node reports one error for all, without a message.
    return error instanceof AggregateError ? error.errors.map(describe).join(", ") : error.message;
}
