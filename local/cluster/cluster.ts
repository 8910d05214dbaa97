/** The single-node Kubernetes of this machine. Callers hold the machine's lock. */
export { unstopped } from "./before";
export { clusterIsUp, clusterIsUpSoon } from "./health";
export { importImage } from "./images";
export { networkConflicts } from "./network";
export { kubernetesConflict } from "./packetFilter";
export { isAnythingLeft } from "./running";
export { portConflict, portConflicts } from "./ports";
export { startCluster } from "./start";
export { stopCluster } from "./stop";
export { versionConflict } from "./version";
