import type { Socket } from "node:net";
import { WebSocket } from "ws";
import type { Transport } from "../bounds/transport";
import type { Holder } from "../bounds/byteBudget";
import { Message } from "./message";
import { Unfinished } from "./unfinished";

const policyViolation = 1008;
const tryAgainLater = 1013;
/** Of a message that waits, beside its bytes. */
const bytesAMessage = 512;

/** Answers one message; resolves when the answer is sent, or when there is none. */
export type Answer = (message: Message) => Promise<void>;

/**
 * A websocket that takes no more of the engine than the bounds allow.
 *
 * A client that sends faster than it is answered, or that does not read its answers, is not read any further: TCP makes it
 * wait. It is closed if it reads nothing for too long, or if all sockets together hold too much and it holds the most.
 */
export class BoundedSocket {
    #answer: Answer | undefined;
    readonly #waiting: Message[] = [];
    #waitingBytes = 0;
    readonly #underWay = new Set<Message>();
    #isPumpPlanned = false;
    #isStopped = false;
    #isEvicted = false;
    #isTimed = false;
    readonly #unfinished = new Unfinished();
    readonly #drained: (() => void)[] = [];
    readonly #read: (() => void)[] = [];
    readonly #sent: Holder = { evict: (sentence) => this.#evict(tryAgainLater, sentence) };
    readonly #unread: Holder = { evict: (sentence) => this.#evict(tryAgainLater, sentence) };

    /** @param address of the client, for the log. */
    constructor(
        private readonly socket: WebSocket,
        private readonly stream: Socket,
        readonly address: string,
        private readonly transport: Transport,
    ) {
        // Around the library's own listener, which hands out all messages of a piece before it returns.
        const count = (piece: Buffer) => this.#unfinished.add(piece);
        stream.prependListener("data", count);
        // After an error the library drops what still comes, and goes on reading for its goodbye to be heard.
        socket.on("error", () => stream.off("data", count));
        stream.on("data", () => this.#regulate());
        socket.on("message", (data) => this.#take(data as Buffer));
        socket.on("close", () => this.#regulate());
        stream.on("timeout", () =>
            this.#evict(policyViolation, `No answer was read for ${transport.bounds.refuse("UnreadSeconds")} seconds.`),
        );
    }

    /** From here on messages are answered; before, they wait. */
    answerWith(answer: Answer): void {
        this.#answer = answer;
        this.#pump();
    }

    /** Takes no more messages; resolves when those received until now have been answered. */
    async stop(): Promise<void> {
        this.#isStopped = true;
        if (this.#underWay.size + this.#waiting.length > 0) {
            await new Promise<void>((resolve) => this.#drained.push(resolve));
        }
    }

    /** Takes no more messages; those that are under way are answered to nobody. */
    close(code: number, reason: string): void {
        this.#isStopped = true;
        this.socket.close(code, reason);
    }

    /** Resolves when the frame has left this process, or can't: to a socket that is closed nothing is sent. */
    send(frame: string): Promise<void> {
        if (this.socket.readyState !== WebSocket.OPEN) {
            return Promise.resolve();
        }
        return new Promise((resolve) => {
            this.socket.send(frame, (error) => {
                if (error) {
                    this.transport.log.debug(`A frame could not be sent: ${error.message}`);
                }
                this.#regulate();
                resolve();
            });
            this.#regulate();
        });
    }

    /** Resolves when the client has read enough to get more. */
    async whenRead(): Promise<void> {
        if (this.#isUnread) {
            await new Promise<void>((resolve) => this.#read.push(resolve));
        }
    }

    /** Until it is closed: one that only says that it closes keeps its answers. */
    get #unreadBytes(): number {
        return this.socket.readyState === WebSocket.CLOSED || this.#isEvicted ? 0 : this.socket.bufferedAmount;
    }

    get #isUnread(): boolean {
        return this.#unreadBytes > this.transport.bounds.limit("UnreadLimitPerSocket");
    }

    get #mayStart(): boolean {
        return this.#underWay.size < this.transport.bounds.limit("RequestLimit") && !this.#isUnread;
    }

    #take(message: Buffer): void {
        if (this.#isStopped || this.#isEvicted) {
            return;
        }
        this.#waiting.push(new Message(message));
        this.#waitingBytes += message.length + bytesAMessage;
        if (!this.#isPumpPlanned) {
            this.#pump();
        }
    }

    #pump(): void {
        this.#isPumpPlanned = false;
        while (this.#answer && this.#waiting.length > 0 && this.#mayStart) {
            const message = this.#waiting.shift()!;
            this.#underWay.add(message);
            void this.#answer(message).finally(() => {
                this.#underWay.delete(message);
                this.#waitingBytes -= message.length + bytesAMessage;
                this.#regulate();
            });
        }
        this.#regulate();
    }

    /** After each change of what comes in, waits, is under way or goes out. */
    #regulate(): void {
        this.transport.pending.hold(this.#sent, this.#isEvicted ? 0 : this.#unfinishedBytes + this.#waitingBytes);
        this.transport.unread.hold(this.#unread, this.#unreadBytes);
        const isUnread = this.#isUnread;
        if (isUnread !== this.#isTimed) {
            this.#isTimed = isUnread;
            // Counted anew by node whenever the client reads some of it.
            this.stream.setTimeout(isUnread ? this.transport.bounds.limit("UnreadSeconds") * 1000 : 0);
        }
        if (!isUnread) {
            this.#read.splice(0).forEach((resolve) => resolve());
        }
        if (this.#underWay.size + this.#waiting.length === 0) {
            this.#drained.splice(0).forEach((resolve) => resolve());
        }
        if (this.#waiting.length > 0 && this.#mayStart && !this.#isPumpPlanned) {
            // In a later turn, so that other sockets have theirs.
            this.#isPumpPlanned = true;
            setImmediate(() => this.#pump());
        }
        // One that is being closed is read to the end, or it would never hear of the other side's goodbye.
        if (this.#isFull && this.socket.readyState === WebSocket.OPEN) {
            this.socket.pause();
        } else if (this.socket.isPaused) {
            this.socket.resume();
        }
    }

    get #isFull(): boolean {
        const isMuch = this.#waitingBytes > this.transport.bounds.limit("MessageLimit");
        return isMuch || this.#waiting.length > 0 || !this.#mayStart;
    }

    get #unfinishedBytes(): number {
        return this.socket.readyState === WebSocket.CLOSED ? 0 : this.#unfinished.bytes;
    }

    /** At once, because its memory is needed: the sentence reaches a client that reads. */
    #evict(code: number, sentence: string): void {
        if (this.#isEvicted) {
            return;
        }
        this.#isEvicted = true;
        this.#waiting.length = 0;
        for (const message of this.#underWay) {
            message.drop();
        }
        this.transport.log.warn(`Socket of ${this.address} is closed: ${sentence}`);
        this.socket.close(code, sentence);
        this.socket.terminate();
    }
}
