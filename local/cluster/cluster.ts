/** The Kubernetes of this machine. Callers hold the machine's lock. */
export { apiServerIsReady, clusterIsUpSoon } from "./health";
export { importImage } from "./images";
export { kubectl, readKubectl } from "./kubectl";
export { parseNodes, rememberedNodes } from "./nodes";
export { drainNode, killNode, listNodes, startLostNode } from "./operations";
export { apiServerPortConflict, portConflict } from "./ports";
export { describeNodes, type Node } from "./settings";
export { startCluster } from "./start";
export { stopCluster } from "./stop";
export { versionConflict } from "./version";
