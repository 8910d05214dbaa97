import { setImmediate as nextTurn } from "node:timers/promises";
import { accountName } from "../access/access";
import { callOf, deedOf } from "../audit/calls";
import type { OpenDocument } from "../documents/openDocument";
import type { Log } from "../log";
import { call, isAnsweredAtOnce } from "../qix/call";
import type { Engine } from "../engine";
import { ErrorCode, QixError } from "../qix/errors";
import { toQixError } from "../qix/storeErrors";
import type { BoundedSocket } from "./boundedSocket";
import type { Message } from "./message";
import { type Request, type RequestId, parseRequest } from "./request";
import type { Session } from "./session";

/** What a handle stands for, as QIX describes it. */
export interface ObjectInterface {
    readonly qType: "Doc";
    readonly qHandle: number;
    readonly qGenericId: string;
}

type Outcome = { result: object } | { error: QixError };

/**
 * One websocket of a session: JSON-RPC requests in, answers and pushes out, and the handles that this socket was given.
 *
 * Requests are answered one after the other, but for those that a client sends while a reload is running.
 */
export class ClientConnection {
    #document: { readonly handle: number; isValid: boolean } | undefined;
    #lastHandle = 0;
    #queue: Promise<void> = Promise.resolve();
    #queued = 0;
    readonly #changed = new Set<number>();
    readonly #closed = new Set<number>();
    #isPushPlanned = false;

    constructor(
        private readonly socket: BoundedSocket,
        readonly session: Session,
        private readonly engine: Engine,
    ) {
        session.connections.add(this);
    }

    private get log(): Log {
        return this.engine.log;
    }

    /** The handle of the session's document. Of `get` it is given as it is, of `open` as not looked at yet. */
    documentInterface(document: OpenDocument, by: "open" | "get"): ObjectInterface {
        this.#document ??= { handle: ++this.#lastHandle, isValid: true };
        if (by === "open") {
            this.invalidateDocument(true);
        }
        return { qType: "Doc", qHandle: this.#document.handle, qGenericId: document.id };
    }

    /** @returns whether the handle stands for the session's document. */
    isDocumentHandle(handle: unknown): boolean {
        return handle !== undefined && handle === this.#document?.handle;
    }

    /** The client has looked at the document: the next change is news again. */
    validateDocument(): void {
        if (this.#document) {
            this.#document.isValid = true;
        }
    }

    /** Puts the document's handle into the `change` list of the next answer, or of a push if none is about to be sent. */
    invalidateDocument(always: boolean): void {
        if (this.#document && (this.#document.isValid || always)) {
            this.#document.isValid = false;
            this.#changed.add(this.#document.handle);
            this.#planPush();
        }
    }

    closeDocument(): void {
        if (this.#document) {
            this.#closed.add(this.#document.handle);
            this.#changed.delete(this.#document.handle);
            this.#document = undefined;
            this.#planPush();
        }
    }

    /** Resolves when the request is answered. One whose bytes are dropped until its turn comes is not answered. */
    receive(message: Message): Promise<void> {
        const request = understand(message);
        if (request === undefined) {
            return Promise.resolve();
        }
        if (request instanceof QixError) {
            message.drop();
            return this.#answer(null, { error: request });
        }
        const end = this.engine.requests.begin();
        return this.#start(request, message).finally(() => end("answered"));
    }

    /** Takes no more requests; resolves when those received until now have been answered. */
    stop(): Promise<void> {
        return this.socket.stop();
    }

    close(code: number, reason: string): void {
        this.socket.close(code, reason);
    }

    #start(request: Request, message: Message): Promise<void> {
        if (isAnsweredAtOnce(request.method)) {
            message.drop();
            return this.#handle(request);
        }
        const done = this.#queued === 0 ? this.#handleNow(request, message) : this.#handleInTurn(message);
        this.#queued++;
        this.#queue = done.finally(() => this.#queued--);
        return this.#queue;
    }

    #handleNow(request: Request, message: Message): Promise<void> {
        message.drop();
        return this.#handle(request);
    }

    /** One that waits does so as it came, not as it was understood, which may take many times as much memory. */
    async #handleInTurn(message: Message): Promise<void> {
        await this.#queue;
        // Others have their turn between the requests that one client sends in one go.
        await nextTurn();
        await this.#handleLater(message);
    }

    #handleLater(message: Message): Promise<void> {
        const request = understand(message);
        const isOfAccount = request !== undefined && !(request instanceof QixError);
        return isOfAccount ? this.#handleNow(request, message) : Promise.resolve();
    }

    /**
     * Of what was parsed, or is answered, nothing is kept for longer than the call: it may take many times as much memory
     * as the message, and its answer waits for the client. So nothing here is an async function, which would keep it.
     */
    #handle(request: Request): Promise<void> {
        const { id, method } = request;
        this.engine.countCall();
        const audited = callOf(this.session, this.engine.library, method, request.params);
        const target = { engine: this.engine, connection: this, session: this.session };
        return call(target, request.handle, method, request.params)
            .then(
                (result): Outcome => ({ result }),
                (error: unknown): Outcome => ({ error: this.#toQixError(error, method) }),
            )
            .then((outcome) => {
                this.#audit(audited, outcome);
                return id === undefined ? undefined : this.#answerAnyway(id, outcome, method);
            });
    }

    #answerAnyway(id: RequestId, outcome: Outcome, method: string): Promise<void> {
        try {
            return this.#answer(id, outcome);
        } catch (error) {
            // Nested too deep to be written, as properties can be that a client has set.
            return this.#answer(id, { error: this.#toQixError(error, method) });
        }
    }

    #audit(audited: ReturnType<typeof callOf>, outcome: Outcome): void {
        const deed = deedOf(audited, this.session, outcome);
        if (deed) {
            this.engine.audit.write({
                ...deed,
                user: accountName(this.session.access.user),
                address: this.socket.address,
            });
        }
    }

    #toQixError(error: unknown, method: string): QixError {
        const known = toQixError(error);
        if (known) {
            this.log.debug(`${method} failed: ${known.message}: ${known.parameter}`);
            return known;
        }
        this.log.error({ err: error }, `${method} failed unexpectedly.`);
        return new QixError(ErrorCode.internalError, "", "Internal error");
    }

    /** @throws RangeError as `#send`. */
    #answer(id: RequestId, outcome: Outcome): Promise<void> {
        if ("error" in outcome) {
            const { code, parameter, message } = outcome.error;
            return this.#send({ id, error: { code, parameter, message } });
        }
        return this.#send({ id, result: outcome.result });
    }

    /** An answer that is sent in the same turn takes the lists along; what is left is pushed. */
    #planPush(): void {
        if (this.#isPushPlanned) {
            return;
        }
        this.#isPushPlanned = true;
        void this.#push();
    }

    async #push(): Promise<void> {
        await nextTurn();
        await this.socket.whenRead();
        this.#isPushPlanned = false;
        if (this.#changed.size + this.#closed.size > 0) {
            await this.#send({});
        }
    }

    /**
     * Resolves when the frame has left this process, or can't: a client that does not read its answers gets no more made.
     *
     * @throws RangeError if the content can't be written as JSON; the lists then wait for the next frame.
     */
    #send(content: object): Promise<void> {
        const change = [...this.#changed];
        const close = [...this.#closed];
        const lists = { ...(change.length && { change }), ...(close.length && { close }) };
        const frame = JSON.stringify({ jsonrpc: "2.0", ...content, ...lists });
        this.#changed.clear();
        this.#closed.clear();
        return this.socket.send(frame);
    }
}

function understand({ bytes }: Message): Request | QixError | undefined {
    return bytes && parseRequest(bytes);
}
