import type { Properties } from "./properties";

/** What every call about one resource carries. */
export interface ResourceRequest {
    readonly urn: string;
    /** For example `kubernetes:core/v1:Secret`. */
    readonly type: string;
    /** The resource's name in the program. */
    readonly name: string;
}

export interface CheckRequest extends ResourceRequest {
    /** Checked inputs of the last update; empty for a new resource. */
    readonly oldInputs: Properties;
    readonly inputs: Properties;
    /** The same for a preview and the update after it. */
    readonly randomSeed: Uint8Array;
    readonly autonaming?: { readonly proposedName: string; readonly mode: "propose" | "enforce" | "disable" };
}

export interface DiffRequest extends ResourceRequest {
    readonly id: string;
    readonly oldState: Properties;
    readonly inputs: Properties;
    readonly ignoreChanges: readonly string[];
}

export type DiffKind = "ADD" | "ADD_REPLACE" | "DELETE" | "DELETE_REPLACE" | "UPDATE" | "UPDATE_REPLACE";

export interface DiffResult {
    readonly changed: boolean;
    readonly replaces?: readonly string[];
    readonly deleteBeforeReplace?: boolean;
    /** Property path to what happens there. Absent: the plugin doesn't say in detail. */
    readonly detailed?: ReadonlyMap<string, { readonly kind: DiffKind; readonly inputDiff: boolean }>;
}

export interface CreateRequest extends ResourceRequest {
    readonly inputs: Properties;
    readonly preview: boolean;
    /** Seconds; 0 if the program gives none. */
    readonly timeout: number;
}

export interface UpdateRequest extends CreateRequest {
    readonly id: string;
    readonly oldState: Properties;
    readonly ignoreChanges: readonly string[];
}

export interface ReadRequest extends ResourceRequest {
    readonly id: string;
    readonly inputs: Properties;
    readonly state: Properties;
}

export interface DeleteRequest extends ResourceRequest {
    readonly id: string;
    readonly state: Properties;
    readonly timeout: number;
}

/** A resource provider as the two plugins here need it; `serve` puts it on the wire. */
export interface Provider {
    /** Version of the released plugin that this one stands in for. */
    readonly version: string;
    /** How it answers the engine's Configure; what is absent is false. */
    readonly features: {
        readonly acceptSecrets?: boolean;
        readonly acceptResources?: boolean;
    };
    /** What a changed configuration means for the resources; absent: left open, and none is replaced for it. */
    diffConfig?(old: Properties, wished: Properties): DiffResult;
    configure(config: Properties): void;
    check(request: CheckRequest): Promise<Properties>;
    diff(request: DiffRequest): Promise<DiffResult>;
    /** @throws {NotReady} */
    create(request: CreateRequest): Promise<{ readonly id: string; readonly state: Properties }>;
    /** @throws {NotReady} */
    update(request: UpdateRequest): Promise<Properties>;
    /**
     * @returns undefined if the resource is gone.
     * @throws {NotReady}
     */
    read(request: ReadRequest): Promise<{ readonly state: Properties; readonly inputs: Properties } | undefined>;
    /** @throws {NotReady} if it was asked for, but is not done. */
    delete(request: DeleteRequest): Promise<void>;
    /** Ends all that is under way, each with an error. */
    cancel(): void;
}

/** The resource exists, but not as wished: the engine records it with the reasons and comes back to it in the next update. */
export class NotReady extends Error {
    constructor(
        readonly id: string,
        /** What is to be recorded of it. */
        readonly state: Properties,
        /** The first is the error's message. */
        readonly reasons: readonly [string, ...string[]],
        readonly inputs?: Properties,
    ) {
        super(reasons[0]);
    }
}
