import type { Access } from "../access/access";
import type { Bounds } from "../bounds/bounds";
import { Quota } from "../bounds/quota";
import type { DocumentLibrary } from "../documents/library";
import type { OpenDocument } from "../documents/openDocument";
import type { ClientConnection } from "./clientConnection";
import { Session } from "./session";

interface Ttls {
    /** Seconds; -1 is for ever. */
    readonly sessionTtl: number;
    readonly maxSessionTtl: number;
}

interface Entry {
    readonly session: Session;
    /** Of the client that began it. */
    readonly address: string;
    /** Seconds; -1 is for ever, 0 is until the last socket closes. */
    ttl: number;
    end?: NodeJS.Timeout;
}

/** The sessions of this engine, by their keys. */
export class Sessions {
    readonly #sessions = new Map<string, Entry>();
    readonly #places: Quota;
    /** Of those that outlive their sockets, with what is unsaved in them. */
    readonly #ttlPlaces: Quota;
    #total = 0;

    constructor(
        private readonly library: DocumentLibrary,
        private readonly ttls: Ttls,
        bounds: Bounds,
        private readonly newAccess: () => Access,
    ) {
        this.#places = new Quota(bounds, "SessionLimit", "SessionLimitPerAddress");
        this.#ttlPlaces = new Quota(bounds, "TtlSessionLimit", "TtlSessionLimitPerAddress");
    }

    get active(): number {
        return this.#sessions.size;
    }

    /** Those that sessions have open, each once. */
    get documents(): ReadonlySet<OpenDocument> {
        return new Set([...this.#sessions.values()].flatMap(({ session }) => session.document ?? []));
    }

    /** Sessions since the start. */
    get total(): number {
        return this.#total;
    }

    /**
     * The session with this key, which may be new.
     *
     * @param address of the client.
     * @param ttl seconds that the URL asks for, if it does; the latest one counts.
     * @returns the flag that refuses it, as it is set, if there are as many sessions as may be.
     */
    join(key: string, address: string, ttl: number | undefined): { session: Session; isNew: boolean } | string {
        const known = this.#sessions.get(key);
        const newTtl = ttl === undefined ? this.ttls.sessionTtl : atMost(this.ttls.maxSessionTtl, ttl);
        const origin = known?.address ?? address;
        const refusal = this.#takePlaces(origin, known === undefined, newTtl !== 0 && !known?.ttl);
        if (refusal) {
            return refusal;
        }
        if (known?.ttl && newTtl === 0) {
            this.#ttlPlaces.release(origin);
        }
        const entry = known ?? this.#begin(key, address);
        clearTimeout(entry.end);
        entry.ttl = newTtl;
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
            this.#end(entry);
        } else {
            entry.end = setTimeout(() => this.#end(entry), entry.ttl * 1000);
        }
    }

    /** @returns the flag that refuses one of them; then none is taken. */
    #takePlaces(address: string, isNew: boolean, isNewTtl: boolean): string | undefined {
        const refusal = isNewTtl ? this.#ttlPlaces.take(address) : undefined;
        if (refusal || !isNew) {
            return refusal;
        }
        const full = this.#places.take(address);
        if (full && isNewTtl) {
            this.#ttlPlaces.release(address);
        }
        return full;
    }

    #begin(key: string, address: string): Entry {
        const entry: Entry = { session: new Session(key, this.newAccess(), this.library), address, ttl: 0 };
        this.#sessions.set(key, entry);
        this.#total++;
        return entry;
    }

    #end({ session, address, ttl }: Entry): void {
        this.#sessions.delete(session.key);
        this.#places.release(address);
        if (ttl !== 0) {
            this.#ttlPlaces.release(address);
        }
        session.end();
    }
}

/** For ever, which a URL may ask for too, is more than any bound. */
function atMost(bound: number, ttl: number): number {
    return ttl < 0 ? bound : Math.min(ttl, bound);
}
