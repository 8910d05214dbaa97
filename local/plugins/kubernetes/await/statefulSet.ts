import { numberAt, stringAt, type Properties } from "../../properties";
import { nameOf, namespaceOf } from "../metadata";
import { isOwnedBy, keep, podProblem } from "./pods";
import type { MakeRule } from "./rule";

/** Ready when the controller has seen this generation, all replicas are ready, and all are of the newest revision. */
export const statefulSetRule: MakeRule = ({ object, status }) => {
    let set: Properties | undefined;
    const pods = new Map<string, Properties>();

    const generation = () => numberAt(set, "metadata", "generation");
    const wanted = () => numberAt(set, "spec", "replicas");
    const seen = () => set !== undefined && numberAt(set, "status", "observedGeneration") >= generation();
    // With OnDelete the pods keep their revision until someone deletes them.
    const onDelete = () => generation() > 1 && stringAt(set, "spec", "updateStrategy", "type") === "OnDelete";
    const replicasReady = () =>
        seen() &&
        ["replicas", "readyReplicas", ...(onDelete() ? [] : ["currentReplicas"])].every(
            (field) => numberAt(set, "status", field) === wanted(),
        );
    const currentRevision = () => stringAt(set, "status", "currentRevision");
    const updateRevision = () => stringAt(set, "status", "updateRevision");
    const revisionReady = () =>
        seen() && (onDelete() || (currentRevision() !== "" && currentRevision() === updateRevision()));
    const readyReplicas = () => {
        const ready = numberAt(set, "status", "readyReplicas");
        // During a rollout the ready ones include those of the old revision.
        return revisionReady() ? ready : Math.min(ready, numberAt(set, "status", "updatedReplicas"));
    };
    const podProblems = () =>
        [...pods.values()]
            .filter((pod) => isOwnedBy(pod, object))
            .map(podProblem)
            .filter((text) => text !== undefined);

    return {
        timeoutSeconds: 600,
        collections: [
            {
                path: `/apis/apps/v1/namespaces/${namespaceOf(object)}/statefulsets`,
                name: nameOf(object),
                observe: (event) => {
                    set = event.type === "DELETED" ? undefined : event.object;
                },
            },
            {
                path: `/api/v1/namespaces/${namespaceOf(object)}/pods`,
                observe: (event) => {
                    keep(pods, event);
                },
            },
        ],
        ready: () => {
            const count = `(${readyReplicas()}/${wanted()} Pods ready)`;
            if (replicasReady() && revisionReady()) {
                status("info", "StatefulSet initialization complete");
                return true;
            }
            if (generation() <= 1) status("info", `[1/2] Waiting for StatefulSet to create Pods ${count}`);
            else if (!replicasReady()) status("info", `[1/3] Waiting for StatefulSet update to roll out ${count}`);
            else status("info", "[2/3] Waiting for StatefulSet to update .status.currentRevision");
            return false;
        },
        warnings: podProblems,
        reasons: () => {
            const reasons: string[] = [];
            if (!replicasReady())
                reasons.push(`${readyReplicas()} out of ${wanted()} replicas succeeded readiness checks`);
            if (!revisionReady()) {
                reasons.push(
                    `StatefulSet controller failed to advance from revision "${currentRevision()}" to revision "${updateRevision()}"`,
                );
            }
            return [...reasons, ...podProblems()];
        },
    };
};
