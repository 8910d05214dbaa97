import type { Values } from "../keys";

/** Where the documents are. */
export interface Storage {
    /** A directory of the node. */
    readonly kind: "hostPath";
    /** Absolute, in its plain form, and apart from the node's system. */
    readonly path: string;
    /** A Kubernetes quantity. */
    readonly size: string;
}

export function storageOf({ hostPath, documentsSize }: Values): Storage {
    return { kind: "hostPath", path: hostPath, size: documentsSize };
}
