/** What somebody did, or would have done. */
export interface Deed {
    /** As `directory\id`; empty for one who has no session yet. */
    readonly user: string;
    /** The client's, with its port. */
    readonly address: string;
    /** `call` is any other method, which is told of only if it is refused. */
    readonly action: "connect" | "open" | "create" | "save" | "delete" | "reload" | "call";
    /** The QIX method; empty for a connection. */
    readonly method: string;
    /** The document's, or what the client took for one; empty if there is none. */
    readonly id: string;
    readonly title: string;
    /** `refused` is for want of a right or of room, `failed` for any other reason. */
    readonly outcome: "ok" | "failed" | "refused";
    /** That of the QIX error, or of the HTTP answer or close frame of a connection; 0 if there was none. */
    readonly code: number;
    /** In words; empty if it went well. */
    readonly reason: string;
}
