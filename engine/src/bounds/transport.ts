import type { Log } from "../log";
import type { Bounds } from "./bounds";
import { ByteBudget } from "./byteBudget";
import { Quota } from "./quota";

/** What all sockets of the engine share. */
export class Transport {
    /** Bytes of messages that clients have not finished, or that are not answered yet. */
    readonly pending: ByteBudget;
    /** Bytes of answers that clients have not read. */
    readonly unread: ByteBudget;
    readonly sockets: Quota;

    constructor(
        readonly bounds: Bounds,
        readonly log: Log,
    ) {
        this.pending = new ByteBudget(bounds, "PendingLimit", "unfinished and waiting messages");
        this.unread = new ByteBudget(bounds, "UnreadLimit", "unread answers");
        this.sockets = new Quota(bounds, "SocketLimit", "SocketLimitPerAddress");
    }
}
