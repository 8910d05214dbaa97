import type { Log } from "../log";
import type { Deed } from "./deed";

/** What a line keeps of a text that a client has chosen. */
const longestText = 256;

/**
 * The audit trail: one line for each deed, in a stream of the log of its own. Successes are information, the rest is a
 * warning. Texts of clients are quoted; no line has a document's content in it.
 */
export class AuditTrail {
    constructor(private readonly log: Log) {}

    write({ user, address, action, method, id, title, outcome, code, reason }: Deed): void {
        const app_id = shortened(id);
        const what = [app_id, title && JSON.stringify(shortened(title))].filter(Boolean).join(" ");
        const line = {
            user_id: user,
            app_id,
            address,
            action,
            method,
            title: shortened(title),
            outcome,
            ...(outcome !== "ok" && { code, reason: shortened(reason) }),
        };
        const who = user || "somebody";
        this.log[outcome === "ok" ? "info" : "warn"](line, `${who} at ${address}: ${action} ${what}: ${outcome}.`);
    }
}

function shortened(text: string): string {
    return text.length > longestText ? `${text.slice(0, longestText)}…` : text;
}
