/** The single-node Kubernetes of this machine. Callers hold the machine's lock. */
export { clusterIsUp, clusterIsUpSoon } from "./health";
export { importImage } from "./images";
export { startCluster } from "./start";
export { stopCluster } from "./stop";
