import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { labels } from "./labels";

/** Arguments of {@link PullSecret}. */
export interface PullSecretArgs {
    readonly namespace: pulumi.Input<string>;
    readonly username: pulumi.Input<string>;
    /** Password or access token; must be a secret. */
    readonly password: pulumi.Input<string>;
    readonly email: pulumi.Input<string>;
}

/** The Secret `dockerhub`, with which the node pulls images from Docker Hub. */
export class PullSecret extends pulumi.ComponentResource {
    /** Name of the Secret, for a pod's `imagePullSecrets`. */
    public readonly secretName: pulumi.Output<string>;

    constructor(name: string, args: PullSecretArgs, opts?: pulumi.ComponentResourceOptions) {
        super("document-sync:index:PullSecret", name, args, opts);

        const secret = new k8s.core.v1.Secret(
            name,
            {
                metadata: { namespace: args.namespace, name: "dockerhub", labels: labels("pull-secret", name) },
                type: "kubernetes.io/dockerconfigjson",
                stringData: {
                    ".dockerconfigjson": pulumi
                        .all([args.username, args.password, args.email])
                        .apply(([username, password, email]) => dockerConfig(username, password, email)),
                },
            },
            { parent: this },
        );

        this.secretName = secret.metadata.name;
        this.registerOutputs({ secretName: this.secretName });
    }
}

/** Docker's own configuration file; Docker Hub's key in it is a URL for historical reasons. */
function dockerConfig(username: string, password: string, email: string): string {
    const auth = Buffer.from(`${username}:${password}`).toString("base64");
    return JSON.stringify({ auths: { "https://index.docker.io/v1/": { username, password, email, auth } } });
}
