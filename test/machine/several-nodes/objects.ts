interface Named {
    readonly metadata: {
        readonly name: string;
        readonly labels?: Readonly<Record<string, string>>;
        readonly deletionTimestamp?: string;
    };
}

interface Conditions {
    readonly conditions?: readonly { readonly type: string; readonly status: string }[];
}

/** What the tests read of a node. */
export interface NodeObject extends Named {
    readonly status: Conditions & {
        readonly addresses: readonly { readonly type: string; readonly address: string }[];
    };
}

/** What the tests read of a pod. */
export interface PodObject extends Named {
    readonly spec: { readonly nodeName?: string };
    readonly status: Conditions & { readonly podIP: string };
}

/** Whether a node or a pod is said to be ready. */
export const isReady = ({ status }: { readonly status: Conditions }): boolean =>
    status.conditions?.some(({ type, status }) => type === "Ready" && status === "True") ?? false;

/** A node's address in the cluster's network. */
export function addressOf({ metadata, status }: NodeObject): string {
    const address = status.addresses.find(({ type }) => type === "InternalIP")?.address;
    if (address === undefined) throw new Error(`${metadata.name} has no address.`);
    return address;
}
