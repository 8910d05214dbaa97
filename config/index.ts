import * as pulumi from "@pulumi/pulumi";
import { type BrokerLogin, brokerLoginFaults, brokerLoginOf } from "./groups/brokerLogin";
import { type DockerHub, dockerHubFaults, dockerHubOf } from "./groups/dockerHub";
import { type Exposure, exposureFaults, exposureOf } from "./groups/exposure";
import { rulesFaults } from "./groups/rules";
import { type Storage, storageOf } from "./groups/storage";
import type { Values } from "./keys";
import { read } from "./read";
import type { EngineUser } from "./schemas/engineVersion";
import { stackConfig } from "./stack";

export type { BrokerLogin, DockerHub, EngineUser, Exposure, Storage };

/** Everything that a stack can set, checked. Pulumi.yaml says what each key means. */
export interface Settings {
    readonly storage: Storage;
    readonly engineImage: string;
    readonly engineUser: EngineUser;
    readonly brokerImage: string;
    readonly brokerLogin: BrokerLogin;
    /** The rules themselves, not the paths of their files. */
    readonly allowRules: string;
    readonly denyRules: string;
    /** Absent: the images need no login. */
    readonly dockerHub?: DockerHub;
    readonly exposure: Exposure;
    readonly timeoutSeconds: number;
}

/**
 * The stack's settings. The only place that reads them.
 *
 * @throws pulumi.RunError with all that is wrong, one fault a line. Each names its key, and its value unless that is secret.
 */
export function readSettings(): Settings {
    const reading = read(stackConfig());
    const groups = [brokerLoginFaults, rulesFaults, dockerHubFaults, exposureFaults];
    const faults = [...reading.faults, ...groups.flatMap((faultsOf) => faultsOf(reading))];
    if (faults.length > 0) {
        throw new pulumi.RunError(faults.join("\n"));
    }
    // Where no key has a fault, each has its value.
    return settingsOf(reading.values as Values);
}

function settingsOf(values: Values): Settings {
    return {
        storage: storageOf(values),
        engineImage: values.engineImage,
        engineUser: values.engineVersion,
        brokerImage: values.brokerImage,
        brokerLogin: brokerLoginOf(values),
        allowRules: values.allowRules,
        denyRules: values.denyRules,
        dockerHub: dockerHubOf(values),
        exposure: exposureOf(values),
        timeoutSeconds: values.timeoutSeconds,
    };
}
