/** Flags that bound what clients may take of the engine. Sizes are bytes. */
export const boundFlags = [
    "MessageLimit",
    "PendingLimit",
    "RequestLimit",
    "UnreadLimitPerSocket",
    "UnreadLimit",
    "UnreadSeconds",
    "SocketLimit",
    "SocketLimitPerAddress",
    "SessionLimit",
    "SessionLimitPerAddress",
    "TtlSessionLimit",
    "TtlSessionLimitPerAddress",
    "UnsavedLimit",
    "OpenLimit",
] as const;

export type BoundFlag = (typeof boundFlags)[number];

/** The bounds of this engine, and how often each was the reason of a refusal. */
export class Bounds {
    readonly #refusals = new Map<BoundFlag, number>();

    constructor(private readonly limits: Readonly<Record<BoundFlag, number>>) {}

    /** Infinity if there is no such bound. */
    limit(flag: BoundFlag): number {
        return this.limits[flag];
    }

    /** Counts a refusal. @returns the flag as it is set, for the sentence of the refusal. */
    refuse(flag: BoundFlag): string {
        this.#refusals.set(flag, this.refusals(flag) + 1);
        return `${flag}=${this.limits[flag]}`;
    }

    /** Since the start. */
    refusals(flag: BoundFlag): number {
        return this.#refusals.get(flag) ?? 0;
    }
}
