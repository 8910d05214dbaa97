import pino from "pino";

/** Written one JSON object a line to standard output, in the members that the real engine's lines have. */
export type Log = pino.Logger;

/** Lines logged since the start, by the levels of the real engine's metric. This engine has no `notice`. */
export type MessageCounts = Record<"notice" | "info" | "warning" | "error" | "debug", number>;

/** Bytes that wait for room where the log goes; what comes on top is dropped. */
const longestBacklog = 1024 * 1024;
const levels = ["silent", "fatal", "error", "warn", "info", "debug"] as const;
/** Controls beyond ASCII, separators of lines, and marks of direction. */
const unseen = /[\u007f-\u009f\u200e\u200f\u2028-\u202e\u2066-\u2069]/g;
/** By pino's numbers of the levels. */
const countedAs = { 20: "debug", 30: "info", 40: "warning", 50: "error", 60: "error" } as const;

export function noMessages(): MessageCounts {
    return { notice: 0, info: 0, warning: 0, error: 0, debug: 0 };
}

/** How much each stream of the log tells: 0 (off) to 5 (debug), as SystemLogVerbosity counts. */
export interface Verbosities {
    readonly system: number;
    readonly audit: number;
}

/** The streams of the log, told apart by `log_type`. @param counts what to count the lines in. */
export function createLogs(
    verbosities: Verbosities,
    counts: MessageCounts = noMessages(),
): { system: Log; audit: Log } {
    // Written at once, so that the reason of an exit is never lost in a buffer.
    const output = pino.destination({ dest: 1, sync: true, maxLength: longestBacklog });
    // A disk that is full of logs must not end the sessions.
    output.on("error", () => undefined);
    const log = pino(
        {
            messageKey: "message",
            timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
            base: { thread_id: process.pid, tenant_id: "default" },
            hooks: {
                logMethod(line, write, level) {
                    counts[countedAs[level as keyof typeof countedAs]]++;
                    write.apply(this, line);
                },
                streamWrite: escapeUnseen,
            },
            formatters: { level: (label) => ({ logseverity: label.toUpperCase() }) },
        },
        output,
    );
    return {
        system: log.child({ log_type: "System", user_id: "Internal\\Engine", app_id: "" }, levelOf(verbosities.system)),
        audit: log.child({ log_type: "AuditActivity" }, levelOf(verbosities.audit)),
    };
}

function levelOf(verbosity: number): { level: string } {
    return { level: levels[verbosity] ?? "info" };
}

/**
 * JSON leaves characters as they are that end a line for some readers, or turn its order for the eye: titles could forge
 * lines with them.
 */
function escapeUnseen(line: string): string {
    return line.replace(unseen, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`);
}
