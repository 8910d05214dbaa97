import pino from "pino";

/** Written one JSON object a line to standard output, in the members that the real engine's lines have. */
export type Log = pino.Logger;

const levels = ["silent", "fatal", "error", "warn", "info", "debug"] as const;

/** @param verbosity 0 (off) to 5 (debug), as SystemLogVerbosity counts. */
export function createLog(verbosity: number): Log {
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
        // Written at once, so that the reason of an exit is never lost in a buffer.
        pino.destination({ dest: 1, sync: true }),
    );
}
