import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { createHash } from "node:crypto";
import { labels } from "./labels";
import { restrictedContainer, restrictedPod } from "./restricted";

/** Arguments of {@link DocumentStorage}. */
export interface DocumentStorageArgs {
    readonly namespace: pulumi.Input<string>;
    /** Directory of the node that holds the documents. */
    readonly hostPath: string;
    /** Size of the volume, a Kubernetes quantity. */
    readonly size: pulumi.Input<string>;
    /** Image that the check of the directory runs in: the one of the engines, so that nothing else has to be pulled. */
    readonly image: pulumi.Input<string>;
    /** User and group that the engines write as. */
    readonly user: number;
    readonly pullSecrets: pulumi.Input<string>[];
    /** How long to wait for the image to be on the node, in seconds. */
    readonly timeoutSeconds: number;
}

/**
 * Where the documents live: a volume on the node that many pods write to, and the proof that the engines' user can.
 * The directory outlives the volume, its claim and the stack.
 */
export class DocumentStorage extends pulumi.ComponentResource {
    /** Name of the claim to mount. */
    public readonly claimName: pulumi.Output<string>;

    constructor(name: string, args: DocumentStorageArgs, opts?: pulumi.ComponentResourceOptions) {
        super("document-sync:index:DocumentStorage", name, args, opts);

        const shape = {
            accessModes: ["ReadWriteMany"],
            // Else the cluster's default class would make a volume of its own for the claim.
            storageClassName: "",
        };
        const volume = new k8s.core.v1.PersistentVolume(
            name,
            {
                metadata: { labels: labels("documents", name) },
                spec: {
                    ...shape,
                    capacity: { storage: args.size },
                    persistentVolumeReclaimPolicy: "Retain",
                    hostPath: { path: args.hostPath, type: "DirectoryOrCreate" },
                },
            },
            // A claim that was bound to it by name can't be resized; one that is made for a new volume has the new size.
            { parent: this, replaceOnChanges: ["spec.capacity"] },
        );
        const claim = new k8s.core.v1.PersistentVolumeClaim(
            name,
            {
                metadata: { namespace: args.namespace, labels: labels("documents", name) },
                spec: { ...shape, volumeName: volume.metadata.name, resources: { requests: { storage: args.size } } },
            },
            { parent: this },
        );

        const owner = `${args.user}:${args.user}`;

        // The image may take minutes to pull, and the check must be given up within seconds: so the one before the other.
        const image = new k8s.batch.v1.Job(
            `${name}-image`,
            {
                metadata: {
                    namespace: args.namespace,
                    labels: labels("write-check", "image"),
                    annotations: { "pulumi.com/replaceUnready": "true" },
                },
                spec: { backoffLimit: 0, template: podOf(args, "image", ["sh", "-c", "exit 0"]) },
            },
            { parent: this, customTimeouts: { create: `${args.timeoutSeconds}s` } },
        );
        // Of a pod that never started, as when hostPath is a file, no message but this resource's own name reaches
        // whoever waits for the update: so the name says what is checked.
        const check = `hostPath ${args.hostPath} is writable for ${owner}`;
        new k8s.batch.v1.Job(
            check,
            {
                metadata: {
                    namespace: args.namespace,
                    name: `${name}-writable-${createHash("sha256").update(check).digest("hex").slice(0, 8)}`,
                    labels: labels("write-check", "writable"),
                    annotations: { "pulumi.com/replaceUnready": "true" },
                },
                spec: {
                    backoffLimit: 0,
                    // A pod whose volume can't be mounted would wait for it for ever.
                    activeDeadlineSeconds: 10,
                    template: podOf(
                        args,
                        "writable",
                        ["sh", "-c", writeCheck, "write-check", args.hostPath, owner],
                        claim.metadata.name,
                    ),
                },
            },
            { parent: this, dependsOn: [image], customTimeouts: { create: `${args.timeoutSeconds}s` } },
        );

        this.claimName = claim.metadata.name;
        this.registerOutputs({ claimName: this.claimName });
    }
}

/** A pod that runs one command as the engines' user, in the engines' image, with the documents if their claim is given. */
function podOf(
    { image, user, pullSecrets }: DocumentStorageArgs,
    role: string,
    command: pulumi.Input<string>[],
    claimName?: pulumi.Input<string>,
): k8s.types.input.core.v1.PodTemplateSpec {
    return {
        metadata: { labels: labels("write-check", role) },
        spec: {
            restartPolicy: "Never",
            automountServiceAccountToken: false,
            enableServiceLinks: false,
            terminationGracePeriodSeconds: 1,
            securityContext: restrictedPod(user),
            imagePullSecrets: pullSecrets.map((secret) => ({ name: secret })),
            containers: [
                {
                    name: role,
                    image,
                    imagePullPolicy: "IfNotPresent",
                    command,
                    securityContext: restrictedContainer,
                    resources: { requests: { cpu: "10m", memory: "16Mi" }, limits: { memory: "64Mi" } },
                    terminationMessagePolicy: "FallbackToLogsOnError",
                    volumeMounts: claimName === undefined ? [] : [{ name: "documents", mountPath: "/documents" }],
                },
            ],
            volumes: claimName === undefined ? [] : [{ name: "documents", persistentVolumeClaim: { claimName } }],
        },
    };
}

/** Writes and removes a file; else says which directory ($1) can't be written by whom ($2), and why. */
const writeCheck = `
read -r pod < /etc/hostname
probe="/documents/.write-check-$pod"
reason=$({ echo probe > "$probe" && rm "$probe"; } 2>&1) && exit 0
echo "hostPath $1 cannot be written by the engines' user $2: $reason. On the node, chown $2 $1 makes it theirs."
exit 1
`;
