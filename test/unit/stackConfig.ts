import * as pulumi from "@pulumi/pulumi";
import { readFileSync } from "node:fs";
import { parse } from "yaml";

/** What a key of Pulumi.yaml's `config:` may hold; keys of other packages have a `value`. */
export interface Declaration {
    readonly type?: string;
    readonly default?: string | number | boolean;
    readonly description?: string;
    readonly value?: unknown;
}

/** Pulumi.yaml's `config:`. */
export const declared = (parse(readFileSync("Pulumi.yaml", "utf8")) as { config: Record<string, Declaration> }).config;

/** What a stack sets in these tests where it must set something. */
const required = {
    acceptEula: true,
    hostPath: "/data/docs",
    engineImage: "example.com/engine:1",
    engineVersion: "12.792.0",
};

/** Configures the stack as the CLI would: Pulumi.yaml's defaults, the least a stack must set, and these; `undefined` unsets. */
export function configure(
    values: Record<string, string | number | boolean | undefined> = {},
    secrets: Record<string, string> = {},
): void {
    const defaults = Object.fromEntries(Object.entries(declared).map(([key, { default: value }]) => [key, value]));
    const all = Object.entries({ ...defaults, ...required, ...values, ...secrets })
        .filter(([key, value]) => !key.includes(":") && value !== undefined)
        .map(([key, value]) => [`document-sync:${key}`, String(value)] as const);
    pulumi.runtime.setAllConfig(
        Object.fromEntries(all),
        Object.keys(secrets).map((key) => `document-sync:${key}`),
    );
}
