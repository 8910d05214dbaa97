import type { Log } from "../log";

/** Another engine on the same broker. */
export interface HeardEngine {
    readonly id: string;
    /** Name of its machine, or of its pod. */
    readonly host: string;
    /** When anything of it came last; ISO 8601 in UTC. */
    readonly lastHeard: string;
}

/** What `source` of an engine's messages is made of. */
const source = /^\/\/([\w.-]{1,253})\/engine\/([0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})$/;
/** Many times what shares a volume. Whoever may publish can name any number. */
const most = 32;

/** The `source` of this engine's messages, by which others know it. */
export function sourceOf(host: string, id: string): string {
    return `//${host}/engine/${id}`;
}

/**
 * The other engines that were heard of lately. An echo shows that an engine hears itself; only this shows that the others are
 * on the same broker.
 */
export class Presence {
    readonly #heard = new Map<string, { readonly host: string; readonly at: number }>();

    constructor(
        /** An engine that was silent for so long is gone. */
        private readonly goneAfterMilliseconds: number,
        private readonly log: Log,
    ) {}

    /** Those that are not gone. */
    get engines(): HeardEngine[] {
        return [...this.#heard]
            .filter(([, { at }]) => !this.#isGone(at))
            .map(([id, { host, at }]) => ({ id, host, lastHeard: new Date(at).toISOString() }));
    }

    /** A message came. One whose sender has no engine's name counts for nobody. */
    heard(sender: unknown): void {
        const [, host, id] = (typeof sender === "string" && source.exec(sender)) || [];
        if (!host || !id) {
            return;
        }
        const isNew = !this.#heard.has(id);
        if (isNew && this.#heard.size >= most) {
            this.forgetGone();
        }
        if (isNew && this.#heard.size >= most) {
            return;
        }
        this.#heard.set(id, { host, at: Date.now() });
        if (isNew) {
            this.log.info(`Engine ${id} on ${host} is on the event bus.`);
        }
    }

    /** Forgets those that are gone, and logs it. */
    forgetGone(): void {
        for (const [id, { host, at }] of this.#heard) {
            if (this.#isGone(at)) {
                this.#heard.delete(id);
                this.log.info(`Engine ${id} on ${host} is no longer on the event bus.`);
            }
        }
    }

    #isGone(at: number): boolean {
        return Date.now() - at > this.goneAfterMilliseconds;
    }
}
