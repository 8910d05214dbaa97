import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Engine, EngineArgs, engineName } from "./engine";
import { labels } from "./labels";

/** Arguments of {@link EnginePair}: what its engines share, and what each has of its own. */
export interface EnginePairArgs extends Omit<EngineArgs, "rulesName" | "nodePort"> {
    /** Text of the access rules that grant. */
    readonly allowRules: pulumi.Input<string>;
    /** Text of the access rules that refuse. */
    readonly denyRules: pulumi.Input<string>;
    /** Defaults to one that the cluster chooses. */
    readonly engine1NodePort?: number;
    /** Defaults to one that the cluster chooses. */
    readonly engine2NodePort?: number;
}

/** Two engines that work on the same documents under the same rules, and tell each other of changes. They wait for its `dependsOn`. */
export class EnginePair extends pulumi.ComponentResource {
    /** Where clients connect, as ws://host:port. */
    public readonly engine1Url: pulumi.Output<string>;
    public readonly engine2Url: pulumi.Output<string>;

    constructor(name: string, args: EnginePairArgs, opts?: pulumi.ComponentResourceOptions) {
        super("document-sync:index:EnginePair", name, args, opts);

        const { allowRules, denyRules, engine1NodePort, engine2NodePort, ...shared } = args;
        // Changed in place (kubernetes:enableConfigMapMutable): running engines see new rules in their files.
        const rules = new k8s.core.v1.ConfigMap(
            `${name}-rules`,
            {
                metadata: { namespace: args.namespace, labels: labels(`${engineName}-rules`, name) },
                data: { "allow.txt": allowRules, "deny.txt": denyRules },
            },
            { parent: this },
        );
        const common = { ...shared, rulesName: rules.metadata.name };
        const engineOpts = { parent: this, dependsOn: opts?.dependsOn };
        const engine1 = new Engine("engine1", { ...common, nodePort: engine1NodePort }, engineOpts);
        const engine2 = new Engine("engine2", { ...common, nodePort: engine2NodePort }, engineOpts);

        this.engine1Url = engine1.url;
        this.engine2Url = engine2.url;
        this.registerOutputs({ engine1Url: this.engine1Url, engine2Url: this.engine2Url });
    }
}
