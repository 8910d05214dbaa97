import type { Access } from "../access/access";
import type { DocumentLibrary } from "../documents/library";
import type { ClientConnection } from "./clientConnection";
import { Session } from "./session";

interface SessionLimits {
    /** Seconds; -1 is for ever. */
    readonly sessionTtl: number;
    readonly maxSessionTtl: number;
    /** 0 is no limit. */
    readonly sessionLimit: number;
}

/** The sessions of this engine, by their keys. */
export class Sessions {
    readonly #sessions = new Map<string, { session: Session; ttl: number; end?: NodeJS.Timeout }>();
    #total = 0;

    constructor(
        private readonly library: DocumentLibrary,
        private readonly limits: SessionLimits,
        private readonly newAccess: () => Access,
    ) {}

    get active(): number {
        return this.#sessions.size;
    }

    /** Sessions since the start. */
    get total(): number {
        return this.#total;
    }

    /**
     * The session with this key, which may be new.
     *
     * @param ttl seconds that the URL asks for, if it does; the latest one counts.
     * @returns undefined if there are as many sessions as may be.
     */
    join(key: string, ttl: number | undefined): { session: Session; isNew: boolean } | undefined {
        const known = this.#sessions.get(key);
        if (!known && this.limits.sessionLimit > 0 && this.#sessions.size >= this.limits.sessionLimit) {
            return undefined;
        }
        const entry = known ?? { session: new Session(key, this.newAccess(), this.library), ttl: 0 };
        if (!known) {
            this.#sessions.set(key, entry);
            this.#total++;
        }
        clearTimeout(entry.end);
        entry.ttl = ttl === undefined ? this.limits.sessionTtl : atMost(this.limits.maxSessionTtl, ttl);
        return { session: entry.session, isNew: !known };
    }

    /** A socket is gone; with the last one, the session ends when its ttl is over. */
    leave(session: Session, connection: ClientConnection): void {
        session.connections.delete(connection);
        const entry = this.#sessions.get(session.key);
        if (!entry || session.connections.size > 0 || entry.ttl < 0) {
            return;
        }
        if (entry.ttl === 0) {
            this.#end(session);
        } else {
            entry.end = setTimeout(() => this.#end(session), entry.ttl * 1000);
        }
    }

    #end(session: Session): void {
        this.#sessions.delete(session.key);
        session.end();
    }
}

/** For ever, which a URL may ask for too, is more than any bound. */
function atMost(bound: number, ttl: number): number {
    return ttl < 0 ? bound : Math.min(ttl, bound);
}
