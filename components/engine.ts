import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { labels, selectorLabels } from "./labels";
import { restrictedContainer, restrictedPod } from "./restricted";

/** Arguments of {@link Engine}. */
export interface EngineArgs {
    readonly namespace: pulumi.Input<string>;
    readonly image: pulumi.Input<string>;
    /** User and group that the engine runs as. */
    readonly user: number;
    /** Home of that user in the image. */
    readonly home: string;
    /** Claim of the volume with the documents. */
    readonly claimName: pulumi.Input<string>;
    /** ConfigMap whose keys `allow.txt` and `deny.txt` are the access rules. */
    readonly rulesName: pulumi.Input<string>;
    /** Where the broker is, as host:port. */
    readonly brokerAddress: pulumi.Input<string>;
    /** Secret whose keys `username` and `password` are the login at the broker. */
    readonly brokerLoginName: pulumi.Input<string>;
    readonly pullSecrets: pulumi.Input<string>[];
    /** The node's host in the engine's URL. Defaults to none: the engine answers inside the cluster only. */
    readonly nodeHost?: string;
    /** Defaults to one that the cluster chooses. */
    readonly nodePort?: number;
    /** How long to wait for the engine to be ready, in seconds. */
    readonly timeoutSeconds: number;
}

/** Value of the label app.kubernetes.io/name of every engine's pods. */
export const engineName = "qix-engine";

/** Port of the QIX API and of the health check. */
const qix = 9076;
/** Port of Prometheus metrics. It is on no Service: what is given to clients must not hand them out. */
const metrics = 9090;
const documents = "/data/apps";
const rules = "/etc/config";

/** One QIX engine behind a Service of its own, named as the component is. Its Deployment waits for the component's `dependsOn`. */
export class Engine extends pulumi.ComponentResource {
    /** Where clients connect, as ws://host:port. */
    public readonly url: pulumi.Output<string>;

    constructor(name: string, args: EngineArgs, opts?: pulumi.ComponentResourceOptions) {
        super("document-sync:index:Engine", name, args, opts);

        const selector = selectorLabels(engineName, name);
        const metadata = { namespace: args.namespace, labels: labels(engineName, name) };
        new k8s.apps.v1.Deployment(
            name,
            {
                metadata,
                spec: {
                    replicas: 1,
                    // While Recreate has no pod yet, Pulumi takes the Deployment for ready.
                    strategy: { type: "RollingUpdate" },
                    selector: { matchLabels: selector },
                    template: pod(args, metadata.labels),
                },
            },
            {
                parent: this,
                dependsOn: opts?.dependsOn,
                customTimeouts: { create: `${args.timeoutSeconds}s`, update: `${args.timeoutSeconds}s` },
            },
        );
        const service = new k8s.core.v1.Service(
            name,
            {
                metadata: { ...metadata, name, annotations: { "pulumi.com/skipAwait": "true" } },
                spec: {
                    type: args.nodeHost === undefined ? "ClusterIP" : "NodePort",
                    selector,
                    ports: [{ name: "qix", port: qix, targetPort: "qix", nodePort: args.nodePort }],
                },
            },
            { parent: this },
        );

        this.url =
            args.nodeHost === undefined
                ? pulumi.interpolate`ws://${service.metadata.name}.${args.namespace}.svc:${qix}`
                : pulumi.interpolate`ws://${args.nodeHost}:${service.spec.ports[0].nodePort}`;
        this.registerOutputs({ url: this.url });
    }
}

/** An engine's pod. */
function pod(args: EngineArgs, labels: Record<string, string>): k8s.types.input.core.v1.PodTemplateSpec {
    return {
        metadata: {
            labels,
            annotations: { "prometheus.io/scrape": "true", "prometheus.io/port": `${metrics}` },
        },
        spec: {
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            terminationGracePeriodSeconds: 30,
            securityContext: restrictedPod(args.user),
            imagePullSecrets: args.pullSecrets.map((secret) => ({ name: secret })),
            containers: [
                {
                    name: "engine",
                    image: args.image,
                    imagePullPolicy: "IfNotPresent",
                    // Whoever waits for the update is told why an engine ended, as by a rule that it can't read.
                    terminationMessagePolicy: "FallbackToLogsOnError",
                    args: flags({
                        AcceptEULA: "yes",
                        EnableABAC: "1",
                        SystemAllowRulePath: `${rules}/allow.txt`,
                        SystemDenyRulePath: `${rules}/deny.txt`,
                        DocumentDirectory: documents,
                        Gen3: "1",
                        PersistenceMode: "3",
                        RabbitHost: args.brokerAddress,
                        UseEventBus: "1",
                        SystemLogVerbosity: "4",
                    }),
                    ports: [
                        { name: "qix", containerPort: qix },
                        { name: "metrics", containerPort: metrics },
                    ],
                    // A process that hangs is replaced, within 3 minutes: 12 looks of 10 s each, and 5 s in which it won't end by itself. One that
                    // is busy never is, with what its sessions have not saved: no script, rule or document keeps an engine from an answer for
                    // 10 s, let alone 12 times in a row. Health is 200 whatever the engine lacks, so a broker that is away restarts nothing.
                    livenessProbe: {
                        httpGet: { path: "/health", port: "qix" },
                        periodSeconds: 10,
                        timeoutSeconds: 10,
                        failureThreshold: 12,
                        terminationGracePeriodSeconds: 5,
                    },
                    // An engine lists all documents before it listens, and a slow volume must not make that start again and again.
                    startupProbe: {
                        httpGet: { path: "/health", port: "qix" },
                        periodSeconds: 1,
                        timeoutSeconds: 5,
                        failureThreshold: 3600,
                    },
                    readinessProbe: {
                        httpGet: { path: "/health", port: "qix" },
                        periodSeconds: 1,
                        timeoutSeconds: 5,
                    },
                    resources: {
                        requests: { cpu: "100m", memory: "256Mi" },
                        limits: { memory: "2Gi" },
                    },
                    securityContext: restrictedContainer,
                    volumeMounts: [
                        { name: "documents", mountPath: documents },
                        { name: "rules", mountPath: rules, readOnly: true },
                        { name: "broker-login", mountPath: "/run/secrets/rabbitmq", readOnly: true },
                        { name: "storage", mountPath: `${args.home}/Qlik/Sense` },
                        { name: "tmp", mountPath: "/tmp" },
                    ],
                },
            ],
            volumes: [
                { name: "documents", persistentVolumeClaim: { claimName: args.claimName } },
                { name: "rules", configMap: { name: args.rulesName } },
                {
                    name: "broker-login",
                    secret: {
                        secretName: args.brokerLoginName,
                        defaultMode: 0o440,
                        items: [
                            { key: "username", path: "username" },
                            { key: "password", path: "password" },
                        ],
                    },
                },
                // Engines share documents, never the storage of their own.
                { name: "storage", emptyDir: { sizeLimit: "1Gi" } },
                { name: "tmp", emptyDir: { sizeLimit: "1Gi" } },
            ],
        },
    };
}

/** The engine takes every setting as two arguments, `-S Key=Value`. */
function flags(settings: Record<string, pulumi.Input<string>>): pulumi.Input<string>[] {
    return Object.entries(settings).flatMap(([key, value]) => ["-S", pulumi.interpolate`${key}=${value}`]);
}
