import * as pulumi from "@pulumi/pulumi";
import * as z from "zod";

// A key's schema reads the text that a stack gives it. The message of an issue completes "<key> …, and is <value>.": a schema
// names neither of them, so that no value gets into a sentence but by the one place that knows which are secret (read.ts).

/** A key that may be left out: Pulumi.yaml declares it as "". */
export function optional<T>(schema: z.ZodType<T>) {
    return z.preprocess((text) => (text === "" ? undefined : text), schema.optional());
}

/** A key that may be left out, and whose value is never shown: in plain text it is refused, and read it is a secret of Pulumi's. */
export function secret(schema: z.ZodType<string>) {
    return optional(schema.transform((value) => pulumi.secret(value))).meta({ secret: true });
}

/** Whether a schema was made by {@link secret}. */
export function isSecret(schema: z.ZodType): boolean {
    return schema.meta()?.secret === true;
}

/** A whole number in decimal digits, both bounds included. */
export function wholeNumber(least: number, most: number, error = `must be a whole number from ${least} to ${most}`) {
    return z
        .string()
        .refine((text) => /^(0|[1-9]\d*)$/.test(text) && Number(text) >= least && Number(text) <= most, { error })
        .transform(Number);
}
