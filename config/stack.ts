import * as pulumi from "@pulumi/pulumi";

/** What a stack sets, or Pulumi.yaml for it, under one key. */
export interface Entry {
    /** Pulumi has every value as a text. */
    readonly text: string;
    /** Whether the stack has it encrypted. */
    readonly secret: boolean;
}

/** All that the stack sets in the project's own namespace, by key. */
export function stackConfig(): ReadonlyMap<string, Entry> {
    // The SDK keeps this function out of its types. `secret: true` in Pulumi.yaml would do the same, but not for an optional
    // key: the CLI refuses it together with a default (https://github.com/pulumi/pulumi/issues/21865).
    const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret: (fullKey: string) => boolean };
    const prefix = `${pulumi.getProject()}:`;
    return new Map(
        Object.entries(pulumi.runtime.allConfig())
            .filter(([fullKey]) => fullKey.startsWith(prefix))
            .map(([fullKey, text]) => [fullKey.slice(prefix.length), { text, secret: isConfigSecret(fullKey) }]),
    );
}
