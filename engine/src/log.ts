import pino from "pino";

/** Written one JSON object a line to standard output, in the members that the real engine's lines have. */
export type Log = pino.Logger;

/** Bytes that wait for room where the log goes; what comes on top is dropped. */
const longestBacklog = 1024 * 1024;
const levels = ["silent", "fatal", "error", "warn", "info", "debug"] as const;

/** @param verbosity 0 (off) to 5 (debug), as SystemLogVerbosity counts. */
export function createLog(verbosity: number): Log {
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
            formatters: { level: (label) => ({ logseverity: label.toUpperCase() }) },
        },
        output,
    );
}
