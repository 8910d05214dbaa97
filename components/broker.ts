import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import * as random from "@pulumi/random";
import { definitions } from "./brokerDefinitions";
import { allInstances, labels, selectorLabels } from "./labels";
import { restrictedContainer, restrictedPod } from "./restricted";

/** Arguments of {@link Broker}. */
export interface BrokerArgs {
    readonly namespace: pulumi.Input<string>;
    /** Image of RabbitMQ 4.0 to 4.3, laid out as the official one is. */
    readonly image: pulumi.Input<string>;
    /** Name of the one user. "guest" is let in from other hosts, and may do more. Defaults to "engine". */
    readonly username?: string;
    /** Password of that user; must be a secret. Defaults to one that is made once and kept in the stack's state. */
    readonly password?: pulumi.Input<string>;
    /** Value of the label app.kubernetes.io/name of the pods that may connect. */
    readonly clientName: string;
    readonly pullSecrets: pulumi.Input<string>[];
    /** How long to wait for the broker to be ready, in seconds. */
    readonly timeoutSeconds: number;
}

/** Port of AMQP 0-9-1. */
const amqp = 5672;
/** Number of the rabbitmq user in the official image. */
const rabbitmqUser = 999;

/**
 * The RabbitMQ that carries change events between the engines. It keeps nothing: engines declare what they need each time
 * they connect, and the documents' volume is the truth.
 */
export class Broker extends pulumi.ComponentResource {
    /** Where clients in the namespace connect, as host:port. */
    public readonly address: pulumi.Output<string>;
    /** Name of the Secret whose keys `username` and `password` are the clients' login. */
    public readonly loginSecretName: pulumi.Output<string>;

    constructor(name: string, args: BrokerArgs, opts?: pulumi.ComponentResourceOptions) {
        super("document-sync:index:Broker", name, args, opts);

        const username = args.username ?? "engine";
        const password =
            args.password ?? new random.RandomPassword(name, { length: 32, special: false }, { parent: this }).result;
        // Kept in the stack's state, so that the same password has the same hash at every update.
        const salt = new random.RandomId(name, { byteLength: 4 }, { parent: this }).hex;
        const selector = selectorLabels("rabbitmq", name);
        const metadata = { namespace: args.namespace, labels: labels("rabbitmq", name) };

        const login = new k8s.core.v1.Secret(
            `${name}-login`,
            {
                metadata,
                stringData: {
                    username,
                    password,
                    "definitions.json": pulumi.all([password, salt]).apply((drawn) => definitions(username, ...drawn)),
                },
            },
            { parent: this },
        );
        const conf = new k8s.core.v1.ConfigMap(
            name,
            // Immutable, so that a new text comes under a new name and restarts the broker, which reads it at start only.
            { metadata, immutable: true, data: { "broker.conf": brokerConf(username) } },
            { parent: this },
        );
        const service = new k8s.core.v1.Service(
            name,
            {
                metadata: { ...metadata, name: "rabbitmq", annotations: { "pulumi.com/skipAwait": "true" } },
                spec: { clusterIP: "None", selector, ports: [{ name: "amqp", port: amqp, targetPort: "amqp" }] },
            },
            { parent: this },
        );
        new k8s.networking.v1.NetworkPolicy(
            name,
            {
                metadata,
                spec: {
                    podSelector: { matchLabels: selector },
                    policyTypes: ["Ingress"],
                    ingress: [
                        {
                            from: [{ podSelector: { matchLabels: allInstances(args.clientName) } }],
                            ports: [{ protocol: "TCP", port: amqp }],
                        },
                    ],
                },
            },
            { parent: this },
        );
        new k8s.apps.v1.StatefulSet(
            name,
            {
                metadata,
                spec: {
                    serviceName: service.metadata.name,
                    replicas: 1,
                    podManagementPolicy: "Parallel",
                    selector: { matchLabels: selector },
                    template: pod(args, metadata.labels, conf.metadata.name, login.metadata.name),
                },
            },
            {
                parent: this,
                customTimeouts: { create: `${args.timeoutSeconds}s`, update: `${args.timeoutSeconds}s` },
            },
        );

        this.address = pulumi.interpolate`${service.metadata.name}:${amqp}`;
        this.loginSecretName = login.metadata.name;
        this.registerOutputs({ address: this.address, loginSecretName: this.loginSecretName });
    }
}

/** The broker's pod. It reads its configuration, and of the login no more than a hash of the password, as files. */
function pod(
    { image, pullSecrets }: BrokerArgs,
    labels: Record<string, string>,
    confName: pulumi.Input<string>,
    loginName: pulumi.Input<string>,
): k8s.types.input.core.v1.PodTemplateSpec {
    const files = (name: pulumi.Input<string>, key: string, path: string) => ({ name, items: [{ key, path }] });
    return {
        metadata: { labels },
        spec: {
            automountServiceAccountToken: false,
            // The variables that Kubernetes would make of a Service called rabbitmq are RabbitMQ's own settings.
            enableServiceLinks: false,
            terminationGracePeriodSeconds: 30,
            securityContext: restrictedPod(rabbitmqUser),
            imagePullSecrets: pullSecrets.map((secret) => ({ name: secret })),
            containers: [
                {
                    name: "rabbitmq",
                    image,
                    imagePullPolicy: "IfNotPresent",
                    env: ofOneNode,
                    ports: [{ name: "amqp", containerPort: amqp }],
                    // Of the port only, as every call of RabbitMQ's own tools starts an Erlang VM. No liveness probe: a
                    // broker that ends is started again, and one that is slow must not be killed.
                    readinessProbe: { tcpSocket: { port: "amqp" }, periodSeconds: 1, timeoutSeconds: 5 },
                    // No limit of the CPU: throttled, it would miss heartbeats and drop its clients.
                    resources: { requests: { cpu: "100m", memory: "256Mi" }, limits: { memory: "512Mi" } },
                    securityContext: restrictedContainer,
                    volumeMounts: [
                        { name: "conf", mountPath: "/etc/rabbitmq/conf.d", readOnly: true },
                        { name: "data", mountPath: "/var/lib/rabbitmq" },
                        { name: "log", mountPath: "/var/log/rabbitmq" },
                        { name: "tmp", mountPath: "/tmp" },
                    ],
                },
            ],
            volumes: [
                {
                    name: "conf",
                    projected: {
                        defaultMode: 0o440,
                        sources: [
                            { configMap: files(confName, "broker.conf", "10-broker.conf") },
                            { secret: files(loginName, "definitions.json", "definitions.json") },
                        ],
                    },
                },
                { name: "data", emptyDir: { sizeLimit: "1Gi" } },
                { name: "log", emptyDir: { sizeLimit: "64Mi" } },
                { name: "tmp", emptyDir: { sizeLimit: "64Mi" } },
            ],
        },
    };
}

/**
 * Nobody but the pod itself reaches the node's own ports, of the port mapper and of Erlang's distribution: whoever does may
 * do everything, given the cookie. By the name localhost, RabbitMQ's own tools still find it, inside the pod.
 */
const ofOneNode = [
    { name: "RABBITMQ_NODENAME", value: "rabbit@localhost" },
    { name: "ERL_EPMD_ADDRESS", value: "127.0.0.1" },
    { name: "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS", value: "-kernel inet_dist_use_interface {127,0,0,1}" },
];

/**
 * As long as engines take. By itself, RabbitMQ takes 16 MiB, and one such message of JSON cost each engine 2.5 s and 345 MiB.
 * Not for Qlik's engine, which logs in as guest: how long its messages are is not on public record.
 */
const shortMessages = "max_message_size = 65536\n";

/** For RabbitMQ 4.0 to 4.3. One node needs no peer discovery, and so no access to the cluster's API. */
function brokerConf(username: string): string {
    return `\
log.console = true
log.console.use_colors = off
# Without ANONYMOUS.
auth_mechanisms.1 = PLAIN
auth_mechanisms.2 = AMQPLAIN
# The user and what it may do, at each start. With definitions, RabbitMQ makes no user of its own.
load_definitions = /etc/rabbitmq/conf.d/definitions.json
# Half of the container's limit, which RabbitMQ does not always see by itself.
vm_memory_high_watermark.absolute = 256MiB
# RabbitMQ's advice is about the watermark above; the default of 50 MB is for development.
disk_free_limit.absolute = 256MiB
${username === "guest" ? "" : shortMessages}${username === "guest" ? "# By itself, RabbitMQ lets guest in from its own host only.\nloopback_users.guest = false\n" : ""}`;
}
