import type { Values } from "../keys";
import type { Reading } from "../read";
import { excludes } from "./relations";

/** Where clients reach the engines. */
export type Exposure =
    /** At ports of the node. */
    | {
          readonly kind: "nodePort";
          /** As URLs have it: an IPv6 address is in brackets. */
          readonly host: string;
          /** One an engine; where there is none, the cluster chooses. */
          readonly ports: readonly [number | undefined, number | undefined];
      }
    /** At their Services, inside the cluster only. */
    | { readonly kind: "clusterIP" };

/** Pulumi.yaml's, by which a stack that sets the key is told from one that doesn't. */
export const defaultNodeHost = "127.0.0.1";

export function exposureFaults(reading: Reading): string[] {
    const { exposure, nodeHost, engine1NodePort, engine2NodePort } = reading.values;
    const ports = ["engine1NodePort", "engine2NodePort"] as const;
    if (exposure === "clusterIP") {
        const others = nodeHost === defaultNodeHost ? ports : (["nodeHost", ...ports] as const);
        return excludes(reading, "exposure", "clusterIP", others);
    }
    return engine1NodePort !== undefined && engine1NodePort === engine2NodePort
        ? [`${reading.shown("engine1NodePort")} and ${reading.shown("engine2NodePort")} must differ.`]
        : [];
}

export function exposureOf({ exposure, nodeHost, engine1NodePort, engine2NodePort }: Values): Exposure {
    return exposure === "clusterIP"
        ? { kind: "clusterIP" }
        : { kind: "nodePort", host: nodeHost, ports: [engine1NodePort, engine2NodePort] };
}
