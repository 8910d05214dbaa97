import { existsSync, readdirSync, rmdirSync } from "node:fs";

/**
 * Directories that Kubernetes' programs share with whoever else runs them, and take from no setting; each before the one
 * that it is in.
 */
const directories = [
    "/run/containerd/s",
    "/run/containerd",
    "/var/lib/cni/results",
    "/var/lib/cni",
    "/var/lib/kubelet/device-plugins",
    "/var/lib/kubelet",
    "/var/log/containers",
] as const;

/** Those that are there. */
export function listSharedDirectories(): string[] {
    return directories.filter((directory) => existsSync(directory));
}

/** Removes those that were not there before, unless somebody else has put something into them by now. */
export function removeSharedDirectories(before: readonly string[], all: readonly string[] = directories): void {
    for (const directory of all.filter((candidate) => !before.includes(candidate) && existsSync(candidate))) {
        if (readdirSync(directory).length > 0) continue;
        try {
            rmdirSync(directory);
        } catch (error) {
            // Somebody has mounted something there, or put something in at this moment.
            if (!["EBUSY", "ENOTEMPTY"].includes((error as NodeJS.ErrnoException).code ?? "")) throw error;
        }
    }
}
