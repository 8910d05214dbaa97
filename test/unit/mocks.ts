import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import type * as random from "@pulumi/random";

/** A resource as the program declared it. Secret values are wrapped, see {@link secretKey}. */
export type Registered = pulumi.runtime.MockResourceArgs;

/** Pulumi's own mark of a secret on the wire (sdk/nodejs/runtime/rpc.ts). */
const secretKey = "4dabf18193072939515e22adb298388d";

let registered: Registered[] = [];
let finished: string[] = [];

/**
 * Answers for engine and cluster from now on, in this process: keeps what is registered, and gives back the inputs with what
 * the cluster would add. Forgets what an earlier test registered.
 */
export async function installMocks(): Promise<void> {
    registered = [];
    finished = [];
    await pulumi.runtime.setMocks(
        {
            newResource: async (args) => {
                registered.push(args);
                // Later than everything that doesn't wait for it.
                if (isWaitedFor(args.type)) {
                    await new Promise((resolve) => setTimeout(resolve, 50));
                }
                finished.push(`${args.type} ${args.name}`);
                return { id: `${args.name}-id`, state: state(args) };
            },
            call: (args) => args.inputs as Record<string, unknown>,
        },
        "document-sync",
        "test",
    );
}

/** Kinds that Pulumi reports as made only when they are ready. */
function isWaitedFor(type: string): boolean {
    return type.endsWith(":Job") || type.endsWith(":StatefulSet");
}

function state({ type, name, inputs }: Registered): Record<string, unknown> {
    const given = inputs as { metadata?: { name?: string }; spec?: { ports?: object[] } };
    const result: Record<string, unknown> = { ...given };
    if (given.metadata !== undefined || type.endsWith(":Namespace")) {
        result.metadata = { name: `${name}-autonamed`, ...given.metadata };
    }
    if (type.endsWith(":PersistentVolume")) {
        result.metadata = { ...given.metadata, name: `${name}-autonamed` };
    }
    if (type.endsWith(":Service")) {
        result.spec = { ...given.spec, ports: given.spec?.ports?.map((port) => ({ nodePort: 31999, ...port })) };
    }
    if (type.endsWith(":RandomPassword")) {
        result.result = pulumi.secret("made-at-random");
    }
    if (type.endsWith(":RandomId")) {
        result.hex = "01020304";
    }
    return result;
}

/** All resources so far, components among them. */
export function all(): readonly Registered[] {
    return registered;
}

/** Types and names of the resources so far, in the order in which they were ready. */
export function readyOrder(): readonly string[] {
    return finished;
}

/** The kinds that tests look at, as the cluster's own types have them: all that is known when it was declared. */
export interface Kinds {
    readonly ConfigMap: k8s.types.output.core.v1.ConfigMap;
    readonly Deployment: k8s.types.output.apps.v1.Deployment;
    readonly Job: k8s.types.output.batch.v1.Job;
    readonly Namespace: k8s.types.output.core.v1.Namespace;
    readonly NetworkPolicy: k8s.types.output.networking.v1.NetworkPolicy;
    readonly PersistentVolume: k8s.types.output.core.v1.PersistentVolume;
    readonly PersistentVolumeClaim: k8s.types.output.core.v1.PersistentVolumeClaim;
    readonly RandomPassword: random.RandomPasswordArgs;
    readonly Secret: k8s.types.output.core.v1.Secret;
    readonly Service: k8s.types.output.core.v1.Service;
    readonly StatefulSet: k8s.types.output.apps.v1.StatefulSet;
}

/** The inputs of the one resource of that kind and logical name; throws if there isn't exactly one. */
export function inputsOf<K extends keyof Kinds>(kind: K, name: string): Kinds[K] {
    const found = registered.filter((one) => one.type.split(":")[2] === kind && one.name === name);
    if (found.length !== 1) {
        const known = registered.map((one) => `${one.type} ${one.name}`).join("\n");
        throw new Error(`${found.length} resources are a ${kind} called ${name}; there are:\n${known}`);
    }
    return found[0].inputs as Kinds[K];
}

/** Every pod template that was declared, by the logical name of what makes its pods. */
export function podTemplates(): Map<string, k8s.types.output.core.v1.PodTemplateSpec> {
    return new Map(
        registered.flatMap(({ name, inputs }) => {
            const { spec } = inputs as { spec?: { template?: k8s.types.output.core.v1.PodTemplateSpec } };
            return spec?.template ? [[name, spec.template] as const] : [];
        }),
    );
}

/** What a pod's container has mounted at that path, and how; throws if that is nothing. */
export function mountedAt({ spec }: k8s.types.output.core.v1.PodTemplateSpec, mountPath: string) {
    const mount = spec.containers[0].volumeMounts.find((one) => one.mountPath === mountPath);
    const volume = spec.volumes.find((one) => one.name === mount?.name);
    if (mount === undefined || volume === undefined) {
        throw new Error(`nothing is mounted at ${mountPath}: ${JSON.stringify(spec)}`);
    }
    return { mount, volume };
}

/** The value inside a secret; throws if it isn't one. */
export function unwrapSecret(value: unknown): unknown {
    if (typeof value !== "object" || value === null || !(secretKey in value)) {
        throw new Error(`not a secret: ${JSON.stringify(value)}`);
    }
    return (value as unknown as { value: unknown }).value;
}

/** The same with every secret replaced by a word: what would stand in plain text. */
export function withoutSecrets(value: unknown): string {
    return JSON.stringify(value, (_, part: unknown) =>
        typeof part === "object" && part !== null && secretKey in part ? "[secret]" : part,
    );
}

/** The value of an output. */
export function valueOf<T>(output: pulumi.Output<T>): Promise<T> {
    return new Promise((resolve) => output.apply(resolve));
}

/** Waits until all that was declared is registered. */
export async function settled(...resources: { readonly urn: pulumi.Output<string> }[]): Promise<void> {
    await Promise.all(resources.map(({ urn }) => valueOf(urn)));
    let before = -1;
    while (before !== finished.length || finished.length < registered.length) {
        before = finished.length;
        await new Promise((resolve) => setTimeout(resolve, 60));
    }
}
