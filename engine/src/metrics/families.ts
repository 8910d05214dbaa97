import { boundFlags } from "../bounds/bounds";
import type { Engine } from "../engine";
import type { MessageCounts } from "../log";
import { engineVersion, standIn } from "../version";
import { type Family, counter, gauge, histogram, labelledCounter } from "./exposition";
import type { Histogram } from "./histogram";

/** What the metrics' port tells of itself. */
export interface Scrapes {
    readonly bytes: number;
    readonly milliseconds: Histogram;
}

/** Everything that `/metrics` tells. */
export function families(engine: Engine, messages: MessageCounts, scrapes: Scrapes): Family[] {
    return [...realFamilies(engine, messages, scrapes), ...ownFamilies(engine)];
}

/**
 * Names, types, labels and bounds as recorded of the real engine 12.138.0, `qix_build_info` of 12.612.0. Those that count
 * what is not imitated (caches, selections, locks, licences, and what a single request costs) are left out: 0 would be untrue.
 */
function realFamilies(engine: Engine, messages: MessageCounts, scrapes: Scrapes): Family[] {
    const { sessions, library, requests, reloads, httpAnswers } = engine;
    const requestSeconds = [...requests.durations.values()];
    const answered = requestSeconds.reduce((sum, { count }) => sum + count, 0);
    const http = [...httpAnswers.byPath].map(
        ([path, answers]) => [{ method: "GET", path, status_code: "200" }, answers] as const,
    );
    return [
        counter("exposer_bytes_transferred", "Bytes of metrics that were sent.", scrapes.bytes),
        counter("exposer_total_scrapes", "Times that metrics were sent.", scrapes.milliseconds.count),
        histogram("exposer_request_latencies", "Milliseconds that sending metrics took.", [[{}, scrapes.milliseconds]]),
        gauge("qix_active_sessions", "Sessions that there are.", sessions.active),
        gauge("qix_active_documents", "Documents that sessions have open.", library.openIds().length),
        gauge("qix_active_requests", "Requests that wait for their answer.", requests.active),
        gauge("qix_active_reloads", "Reloads that are running.", reloads.active),
        counter("qix_sessions_total", "Sessions since the start.", sessions.total),
        labelledCounter(
            "qix_documents_total",
            "Documents read into memory for a session since the start, by how that went.",
            Object.entries(library.loads).map(([status, count]) => [{ status }, count]),
        ),
        counter("qix_requests_total", "Requests since the start.", requests.active + answered),
        labelledCounter(
            "qix_log_message_total",
            "Lines logged since the start.",
            Object.entries(messages).map(([level, count]) => [{ level }, count]),
        ),
        histogram(
            "qix_request_duration_seconds",
            "From a request's arrival to its answer, with the time it waited for others.",
            requestSeconds.map((seconds) => [{}, seconds]),
        ),
        histogram(
            "qix_reloads_duration_seconds",
            "Reloads that succeeded (ok), and that failed or were cancelled (fail).",
            [...reloads.durations].map(([status, seconds]) => [{ status }, seconds]),
        ),
        histogram(
            "http_response_size_bytes",
            "Size of the answers on the main port.",
            http.map(([labels, { bytes }]) => [labels, bytes]),
        ),
        histogram(
            "http_request_duration_seconds",
            "Time of the answers on the main port.",
            http.map(([labels, { seconds }]) => [labels, seconds]),
        ),
        labelledCounter("qix_build_info", "The engine that is imitated.", [
            [{ revision: engineVersion }, 1],
            [{ version: `${engineVersion}.0` }, 1],
            [{ os: process.platform }, 1],
        ]),
    ];
}

/** What the real engine does not tell. Without an event bus or rules, there is nothing to tell of them. */
function ownFamilies({ library, eventBus, ruleFiles, bounds, transport, room }: Engine): Family[] {
    const bus = eventBus?.status;
    return [
        gauge("document_sync_stand_in_info", "Which program imitates that engine.", 1, standIn),
        gauge("document_sync_documents", "Documents in this engine's list.", library.list().length),
        labelledCounter(
            "document_sync_refusals_total",
            "Refusals since the start, by the flag that bounds what was asked for.",
            boundFlags.map((flag) => [{ bound: flag }, bounds.refusals(flag)]),
        ),
        gauge(
            "document_sync_pending_bytes",
            "Bytes of messages that are not finished or not answered, which PendingLimit bounds.",
            transport.pending.total,
        ),
        gauge(
            "document_sync_unread_bytes",
            "Bytes of answers that clients have not read, which UnreadLimit bounds.",
            transport.unread.total,
        ),
        gauge(
            "document_sync_unsaved_bytes",
            "Bytes of memory of unsaved changes, which UnsavedLimit bounds.",
            room.unsavedBytes,
        ),
        gauge("document_sync_open_bytes", "Bytes of memory of open documents, which OpenLimit bounds.", room.openBytes),
        ...(bus
            ? [
                  gauge(
                      "document_sync_event_bus_connected",
                      "1 if events come and go; 0 without a broker, or if it takes no events for now.",
                      Number(bus.state === "connected"),
                  ),
                  counter(
                      "document_sync_events_published_total",
                      "Events that the broker confirmed since the start.",
                      bus.published,
                  ),
                  counter(
                      "document_sync_events_received_total",
                      "Events of other engines that came since the start.",
                      bus.received,
                  ),
                  gauge(
                      "document_sync_events_unconfirmed",
                      "Events that the broker has not confirmed yet.",
                      bus.unconfirmed,
                  ),
                  gauge(
                      "document_sync_event_bus_engines",
                      "Other engines that were heard of lately.",
                      bus.engines.length,
                  ),
                  ...(bus.lastHeard
                      ? [
                            gauge(
                                "document_sync_event_bus_last_heard_timestamp_seconds",
                                "When any engine's message came last, its own included.",
                                Date.parse(bus.lastHeard) / 1000,
                            ),
                        ]
                      : []),
              ]
            : []),
        ...(ruleFiles
            ? [
                  gauge(
                      "document_sync_rules_error",
                      "1 if the rule files could not be read or understood at the last look.",
                      Number(ruleFiles.error !== undefined),
                  ),
              ]
            : []),
    ];
}
