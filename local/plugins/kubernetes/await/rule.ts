import type { Severity } from "../../engine";
import type { Properties } from "../../properties";
import type { Client, WatchEvent } from "../client";

/** When an object counts as ready, as a reaction to what happens around it. */
export interface Rule {
    /** What has to be watched for it; each collection's events go to its `observe`. */
    readonly collections: readonly {
        readonly path: string;
        /** Narrows the collection to one object. */
        readonly name?: string;
        observe(event: WatchEvent): void;
    }[];
    readonly timeoutSeconds: number;
    /** Whether the mere passing of time can make it ready, so that it is asked every second too. */
    readonly settles?: boolean;
    /**
     * Asked after every event.
     *
     * @param settled the objects are looked at only once, so that waiting for them to settle makes no sense.
     */
    ready(settled: boolean): boolean;
    /** Why it will never be ready, if that is known. */
    failed?(): boolean;
    /** Why it is not ready yet, one sentence each. */
    reasons(): string[];
    /** Warnings that are worth repeating while it lasts. */
    warnings?(): string[];
}

export interface RuleContext {
    /** As the server returned it from the change. */
    readonly object: Properties;
    /** As it was before, if it was there. */
    readonly previous?: Properties;
    readonly client: Client;
    /** Shows a line beside the resource; a repetition is dropped. */
    readonly status: (severity: Severity, text: string) => void;
}

export type MakeRule = (context: RuleContext) => Rule | Promise<Rule>;
