import type { RuleFiles } from "./access/ruleFiles";
import type { AuditTrail } from "./audit/trail";
import type { Bounds } from "./bounds/bounds";
import { Room } from "./bounds/room";
import { Transport } from "./bounds/transport";
import type { DocumentLibrary } from "./documents/library";
import type { Log } from "./log";
import { Activity } from "./metrics/activity";
import { HttpAnswers } from "./metrics/httpAnswers";
import type { Sessions } from "./sessions/sessions";
import type { EventBus } from "./sync/eventBus";

// Bounds of the real engine's histograms, in seconds.
const requestBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const reloadBounds = [5, 10, 25, 50, 100, 225, 450, 900, 1800, 3600];

/** The parts of a running engine, as its methods, its health and its metrics see them. */
export class Engine {
    readonly started = new Date();
    /** QIX requests, from their arrival to their answer. */
    readonly requests = new Activity(["answered"], requestBounds);
    readonly reloads = new Activity(["ok", "fail"], reloadBounds);
    readonly httpAnswers = new HttpAnswers();
    readonly transport: Transport;
    readonly room: Room;
    #calls = 0;

    constructor(
        readonly log: Log,
        readonly audit: AuditTrail,
        readonly bounds: Bounds,
        readonly library: DocumentLibrary,
        readonly sessions: Sessions,
        /** Undefined if ABAC is off. */
        readonly ruleFiles: RuleFiles | undefined,
        /** Undefined if the event bus is off. */
        readonly eventBus: EventBus | undefined,
    ) {
        this.transport = new Transport(bounds, log);
        this.room = new Room(bounds, () => sessions.documents);
    }

    /** QIX requests whose turn has come since the start. */
    get calls(): number {
        return this.#calls;
    }

    countCall(): void {
        this.#calls++;
    }
}
