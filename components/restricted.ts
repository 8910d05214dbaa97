import * as k8s from "@pulumi/kubernetes";

// What Pod Security "restricted" asks of a namespace, a pod and a container
// (https://kubernetes.io/docs/concepts/security/pod-security-standards/).

/** Labels of a namespace that refuses a pod that isn't restricted, and warns whoever applies a workload that would make one. */
export const restrictedNamespace: Record<string, string> = {
    "pod-security.kubernetes.io/enforce": "restricted",
    "pod-security.kubernetes.io/warn": "restricted",
};

/** A pod whose processes and files belong to one user, its group of the same number included. */
export function restrictedPod(user: number): k8s.types.input.core.v1.PodSecurityContext {
    return {
        runAsNonRoot: true,
        runAsUser: user,
        runAsGroup: user,
        fsGroup: user,
        seccompProfile: { type: "RuntimeDefault" },
    };
}

/** A container that gains no privilege and writes to mounted volumes only. */
export const restrictedContainer: k8s.types.input.core.v1.SecurityContext = {
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ["ALL"] },
};
