import pino from "pino";

/** Written one JSON object a line to standard output, in the members that the real engine's lines have. */
export type Log = pino.Logger;

/** Lines logged since the start, by the levels of the real engine's metric. This engine has no `notice`. */
export type MessageCounts = Record<"notice" | "info" | "warning" | "error" | "debug", number>;

/** Bytes that wait for room where the log goes; what comes on top is dropped. */
const longestBacklog = 1024 * 1024;
const levels = ["silent", "fatal", "error", "warn", "info", "debug"] as const;
/** By pino's numbers of the levels. */
const countedAs = { 20: "debug", 30: "info", 40: "warning", 50: "error", 60: "error" } as const;

export function noMessages(): MessageCounts {
    return { notice: 0, info: 0, warning: 0, error: 0, debug: 0 };
}

/**
 * @param verbosity 0 (off) to 5 (debug), as SystemLogVerbosity counts.
 * @param counts what to count the lines in.
 */
export function createLog(verbosity: number, counts: MessageCounts = noMessages()): Log {
    // Written at once, so that the reason of an exit is never lost in a buffer.
    const output = pino.destination({ dest: 1, sync: true, maxLength: longestBacklog });
    // A disk that is full of logs must not end the sessions.
    output.on("error", () => undefined);
    return pino(
        {
            level: levels[verbosity] ?? "info",
            messageKey: "message",
            timestamp: () => `,"timestamp":"${new Date().toISOString()}"`,
            base: {
                log_type: "System",
                thread_id: process.pid,
                user_id: "Internal\\Engine",
                tenant_id: "default",
                app_id: "",
            },
            hooks: {
                logMethod(line, write, level) {
                    counts[countedAs[level as keyof typeof countedAs]]++;
                    write.apply(this, line);
                },
            },
            formatters: { level: (label) => ({ logseverity: label.toUpperCase() }) },
        },
        output,
    );
}
