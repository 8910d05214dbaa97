/** The Kubernetes of this machine. Callers hold the machine's lock. */
export { clusterIsUp, clusterIsUpSoon } from "./health";
export { importImage } from "./images";
export { parseNodes, rememberedNodes } from "./nodes";
export { apiServerPortConflict, portConflict } from "./ports";
export { startCluster } from "./start";
export { stopCluster } from "./stop";
export { versionConflict } from "./version";
