import type { Properties } from "./properties";

/** One kind of random resource. Inputs come without secrets, and known. */
export interface RandomKind {
    /** Inputs with their defaults, as they show up among the outputs. */
    defaults(inputs: Properties): Properties;
    /** Outputs that are drawn: unknown in a preview. */
    readonly drawn: readonly string[];
    readonly secrets: readonly string[];
    /** Optional inputs that the released plugin's bookkeeping (`__pulumi_raw_state_delta`) notes as null. */
    readonly nullable: readonly string[];
    /** Bookkeeping of the released plugin's schema version. */
    readonly meta?: string;
    /** @throws with one sentence if the inputs make no sense. */
    validate(inputs: Properties): void;
    draw(inputs: Properties): Promise<{ readonly id: string; readonly outputs: Properties }>;
}
