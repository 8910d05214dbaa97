import { probeArguments } from "./probe";

/** An object as the API server takes it. */
export interface Manifest {
    readonly apiVersion: string;
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly namespace?: string; readonly labels?: Record<string, string> };
    readonly [field: string]: unknown;
}

/** The engine's image, of which the tests use the Node.js. */
const image = "localhost/document-sync/engine:dev";

/** A container that listens on these ports; the first one says that it is ready. */
function listener(ports: readonly number[], more: object = {}): object {
    return {
        name: "listener",
        image,
        imagePullPolicy: "Never",
        command: ["node", ...probeArguments(...ports)],
        readinessProbe: { tcpSocket: { port: ports[0] }, periodSeconds: 1, timeoutSeconds: 5 },
        ...more,
    };
}

interface Options {
    readonly ports: readonly number[];
    /** Added to the pod's and the container's specification. */
    readonly spec?: object;
    readonly container?: object;
}

const podSpec = ({ ports, spec, container }: Options) => ({
    terminationGracePeriodSeconds: 1,
    containers: [listener(ports, container)],
    ...spec,
});

interface PodOptions extends Options {
    readonly namespace: string;
    readonly node?: string;
    readonly labels?: Record<string, string>;
}

export function pod(name: string, { namespace, node, labels, ...options }: PodOptions): Manifest {
    return {
        apiVersion: "v1",
        kind: "Pod",
        metadata: { name, namespace, labels },
        // By the scheduler, so that a node that takes no pods takes none of these.
        spec: { ...(node && { nodeSelector: { "kubernetes.io/hostname": node } }), ...podSpec(options) },
    };
}

/** So many pods, one in each zone as far as there are zones that take pods. */
export function deployment(
    name: string,
    { namespace, replicas, ...options }: Options & { namespace: string; replicas: number },
): Manifest {
    const selector = { matchLabels: { app: name } };
    const topologySpreadConstraints = [
        {
            maxSkew: 1,
            topologyKey: "topology.kubernetes.io/zone",
            whenUnsatisfiable: "DoNotSchedule",
            nodeTaintsPolicy: "Honor",
            // Those of before a change do not count.
            matchLabelKeys: ["pod-template-hash"],
            labelSelector: selector,
        },
    ];
    return {
        apiVersion: "apps/v1",
        kind: "Deployment",
        metadata: { name, namespace },
        spec: {
            replicas,
            selector,
            template: {
                metadata: { labels: { app: name } },
                spec: { ...podSpec(options), topologySpreadConstraints },
            },
        },
    };
}

/** A Service of the pods with this label `app`; of type NodePort if a port of the nodes, or 0 for any, is given. */
export function service(
    name: string,
    { namespace, app = name, port, nodePort }: { namespace: string; app?: string; port: number; nodePort?: number },
): Manifest {
    return {
        apiVersion: "v1",
        kind: "Service",
        metadata: { name, namespace },
        spec: {
            selector: { app },
            ports: [{ port, ...(nodePort ? { nodePort } : {}) }],
            ...(nodePort !== undefined && { type: "NodePort" }),
        },
    };
}

/** A claim of a volume that many may write, of one of the cluster's StorageClasses. */
export function sharedClaim(name: string, namespace: string, storageClassName: string): Manifest {
    return {
        apiVersion: "v1",
        kind: "PersistentVolumeClaim",
        metadata: { name, namespace },
        spec: { storageClassName, accessModes: ["ReadWriteMany"], resources: { requests: { storage: "1Gi" } } },
    };
}

export function namespace(name: string, labels: Record<string, string> = {}): Manifest {
    return { apiVersion: "v1", kind: "Namespace", metadata: { name, labels } };
}
