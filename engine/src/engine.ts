import type { RuleFiles } from "./access/ruleFiles";
import type { DocumentLibrary } from "./documents/library";
import type { Log } from "./log";
import type { Sessions } from "./sessions/sessions";
import type { EventBus } from "./sync/eventBus";

/** The parts of a running engine, as its methods and its health see them. */
export class Engine {
    readonly started = new Date();
    #calls = 0;

    constructor(
        readonly log: Log,
        readonly library: DocumentLibrary,
        readonly sessions: Sessions,
        /** Undefined if ABAC is off. */
        readonly ruleFiles: RuleFiles | undefined,
        /** Undefined if the event bus is off. */
        readonly eventBus: EventBus | undefined,
    ) {}

    /** QIX requests since the start. */
    get calls(): number {
        return this.#calls;
    }

    countCall(): void {
        this.#calls++;
    }
}
