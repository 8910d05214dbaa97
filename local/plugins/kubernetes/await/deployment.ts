import { at, listAt, numberAt, stringAt, type Properties } from "../../properties";
import { annotation, nameOf, namespaceOf } from "../metadata";
import { condition, isOwnedBy, keep, podProblem } from "./pods";
import type { MakeRule } from "./rule";

const revisionKey = "deployment.kubernetes.io/revision";

/**
 * Ready when the controller has seen this generation, the Deployment is Available, its new ReplicaSet has its pods ready,
 * a rollout (any but the first) is through, and its claims are bound.
 */
export const deploymentRule: MakeRule = ({ object, status }) => {
    const path = (root: string, plural: string) => `${root}/namespaces/${namespaceOf(object)}/${plural}`;
    let deployment: Properties | undefined;
    const replicaSets = new Map<string, Properties>();
    const pods = new Map<string, Properties>();
    const claims = new Map<string, Properties>();

    const revision = () => (deployment ? annotation(deployment, revisionKey) : "");
    const seen = () =>
        deployment !== undefined &&
        numberAt(deployment, "status", "observedGeneration") === numberAt(deployment, "metadata", "generation");
    const available = () => condition(deployment, "Available")?.status === "True";
    const rolledOut = () => {
        const progressing = condition(deployment, "Progressing");
        return (
            revision() === "1" || (progressing?.status === "True" && progressing.reason === "NewReplicaSetAvailable")
        );
    };
    const replicaSet = () =>
        [...replicaSets.values()].find((each) => revision() !== "" && annotation(each, revisionKey) === revision());
    const wanted = (set: Properties) =>
        at(set, "spec", "replicas") === undefined ? 1 : numberAt(set, "spec", "replicas");
    const podsReady = () => {
        const set = replicaSet();
        return set !== undefined && numberAt(set, "status", "readyReplicas") >= wanted(set);
    };
    const unbound = () => {
        const names = listAt(deployment, "spec", "template", "spec", "volumes").map((volume) =>
            stringAt(volume, "persistentVolumeClaim", "claimName"),
        );
        return [...claims.values()].filter(
            (claim) => names.includes(nameOf(claim)) && stringAt(claim, "status", "phase") !== "Bound",
        );
    };
    const failures = () =>
        ["Progressing", "Available"]
            .map((type) => condition(deployment, type))
            .filter((found) => found !== undefined && found.status !== "True")
            .map((found) => `[${stringAt(found, "reason")}] ${stringAt(found, "message")}`);
    const podProblems = () =>
        [...pods.values()]
            .filter((pod) => isOwnedBy(pod, replicaSet()))
            .map(podProblem)
            .filter((text) => text !== undefined);

    return {
        timeoutSeconds: 600,
        collections: [
            {
                path: path("/apis/apps/v1", "deployments"),
                name: nameOf(object),
                observe: (event) => {
                    deployment = event.type === "DELETED" ? undefined : event.object;
                    if (seen()) for (const failure of failures()) status("warning", failure);
                },
            },
            {
                path: path("/apis/apps/v1", "replicasets"),
                observe: (event) => {
                    if (isOwnedBy(event.object, object)) keep(replicaSets, event);
                },
            },
            {
                path: path("/api/v1", "pods"),
                observe: (event) => {
                    keep(pods, event);
                },
            },
            {
                path: path("/api/v1", "persistentvolumeclaims"),
                observe: (event) => {
                    keep(claims, event);
                },
            },
        ],
        ready: () => {
            if (!seen() || revision() === "") return false;
            if (available() && rolledOut() && podsReady() && unbound().length === 0) {
                const set = replicaSet();
                if (set !== undefined && wanted(set) === 0) {
                    status("warning", `Replicas scaled to 0 for Deployment "${nameOf(object)}"`);
                }
                status("info", "Deployment initialization complete");
                return true;
            }
            const set = replicaSet();
            if (set !== undefined && !podsReady()) {
                const ready = numberAt(set, "status", "readyReplicas");
                status("info", `Waiting for app ReplicaSet to be available (${ready}/${wanted(set)} Pods available)`);
            }
            for (const claim of unbound()) {
                const phase = stringAt(claim, "status", "phase");
                status(
                    "warning",
                    `PersistentVolumeClaim: [${nameOf(claim)}] is not ready. status.phase currently at: ${phase}`,
                );
            }
            return false;
        },
        warnings: podProblems,
        reasons: () => {
            const reasons = failures();
            if (unbound().length > 0) {
                reasons.push(`Failed to bind PersistentVolumeClaim(s): "${unbound().map(nameOf).join(",")}"`);
            }
            if (!available()) reasons.push("Minimum number of live Pods was not attained");
            else if (!rolledOut() || revision() === "1") {
                reasons.push("Minimum number of Pods to consider the application live was not attained");
            } else {
                reasons.push(
                    "Attempted to roll forward to new ReplicaSet, but minimum number of Pods did not become live",
                );
            }
            return [...reasons, ...podProblems()];
        },
    };
};
