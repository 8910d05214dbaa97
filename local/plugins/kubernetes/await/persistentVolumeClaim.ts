import { stringAt, type Properties } from "../../properties";
import { ApiError } from "../client";
import { nameOf, namespaceOf } from "../metadata";
import type { MakeRule } from "./rule";

/** Ready when Bound; a claim whose class binds only for a pod need not be, when it is new. */
export const persistentVolumeClaimRule: MakeRule = async ({ object, previous, client, status }) => {
    const className = stringAt(object, "spec", "storageClassName");
    if (className === "") status("warning", `no storage class found for "${nameOf(object)}"`);
    const storageClass = await (className === ""
        ? undefined
        : client.request("GET", `/apis/storage.k8s.io/v1/storageclasses/${className}`).catch((error: unknown) => {
              if (error instanceof ApiError && error.code === 404) return undefined;
              throw error;
          }));
    const bindsForPods = stringAt(storageClass, "volumeBindingMode") === "WaitForFirstConsumer";

    let claim: Properties | undefined;
    const phase = () => stringAt(claim, "status", "phase");
    return {
        timeoutSeconds: 300,
        collections: [
            {
                path: `/api/v1/namespaces/${namespaceOf(object)}/persistentvolumeclaims`,
                name: nameOf(object),
                observe: (event) => {
                    claim = event.object;
                },
            },
        ],
        ready: () => phase() === "Bound" || (phase() === "Pending" && bindsForPods && previous === undefined),
        reasons: () => [`PersistentVolumeClaim "${nameOf(object)}" is ${phase() || "not known to its controller"}`],
    };
};
