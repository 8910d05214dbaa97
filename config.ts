import * as fs from "node:fs";
import * as path from "node:path";
import * as pulumi from "@pulumi/pulumi";

/** The user that the engine's image is made for. Its group has the same number. */
export interface EngineUser {
    /** Name of the user, and of its home under /home. */
    readonly name: string;
    readonly id: number;
}

/** Everything that a stack can set, checked. Pulumi.yaml says what each key means. */
export interface Settings {
    readonly hostPath: string;
    readonly documentsSize: string;
    readonly engineImage: string;
    readonly engineUser: EngineUser;
    readonly brokerImage: string;
    /** Absent: the broker's own default. */
    readonly brokerUsername?: string;
    /** Absent: one is made. */
    readonly brokerPassword?: pulumi.Output<string>;
    /** The rules themselves, not the paths of their files. */
    readonly allowRules: string;
    readonly denyRules: string;
    /** Absent: the images need no login. */
    readonly dockerHub?: {
        readonly username: string;
        readonly password: pulumi.Output<string>;
        readonly email: string;
    };
    /** The node's host in the engines' URLs. Absent: the engines answer inside the cluster only. */
    readonly nodeHost?: string;
    /** Absent: the cluster chooses. */
    readonly engine1NodePort?: number;
    readonly engine2NodePort?: number;
    readonly timeoutSeconds: number;
}

const keys = [
    "acceptEula",
    "hostPath",
    "documentsSize",
    "engineImage",
    "engineVersion",
    "brokerImage",
    "brokerLogin",
    "brokerUsername",
    "brokerPassword",
    "allowRules",
    "denyRules",
    "dockerHubUsername",
    "dockerHubPassword",
    "dockerHubEmail",
    "exposure",
    "nodeHost",
    "engine1NodePort",
    "engine2NodePort",
    "timeoutSeconds",
] as const;

type Key = (typeof keys)[number];

/**
 * The stack's settings. The only place that reads them.
 *
 * @throws pulumi.RunError with one sentence that names the key, and its value unless that is secret.
 */
export function readSettings(): Settings {
    const config = new pulumi.Config();
    refuseUnknown(config);
    refusePlainText(config, "brokerPassword", "dockerHubPassword");

    if (!config.requireBoolean("acceptEula")) {
        refuse("acceptEula is not true: engines run only for those who accept the licence of their image.");
    }
    return {
        hostPath: absolutePath(config, "hostPath"),
        documentsSize: quantity(config, "documentsSize"),
        engineImage: image(config, "engineImage"),
        engineUser: engineUser(config, "engineVersion"),
        brokerImage: image(config, "brokerImage"),
        ...brokerLogin(config),
        allowRules: rules(config, "allowRules"),
        denyRules: rules(config, "denyRules"),
        dockerHub: dockerHub(config),
        ...exposure(config),
        timeoutSeconds: atLeastOne(config, "timeoutSeconds"),
    };
}

function refuse(sentence: string): never {
    throw new pulumi.RunError(sentence);
}

/** A string that may be left out; an absent one is declared as "" in Pulumi.yaml. */
function optional(config: pulumi.Config, key: Key): string | undefined {
    return config.get(key) || undefined;
}

/** The CLI takes any key; a misspelt one would be ignored in silence. */
function refuseUnknown(config: pulumi.Config): void {
    const prefix = `${config.name}:`;
    for (const fullKey of Object.keys(pulumi.runtime.allConfig())) {
        const key = fullKey.slice(prefix.length);
        if (fullKey.startsWith(prefix) && !keys.some((known) => known === key)) {
            refuse(`${key} is not a configuration key: Pulumi.yaml has all there are.`);
        }
    }
}

/** Must come first: no check of a password's value may see, and then name, one that is not secret. */
function refusePlainText(config: pulumi.Config, ...passwords: Key[]): void {
    // The SDK keeps this function out of its types. `secret: true` in Pulumi.yaml would do the same, but not for an optional
    // key: the CLI refuses it together with a default (https://github.com/pulumi/pulumi/issues/21865).
    const { isConfigSecret } = pulumi.runtime as unknown as { isConfigSecret: (fullKey: string) => boolean };
    for (const key of passwords) {
        if (optional(config, key) !== undefined && !isConfigSecret(`${config.name}:${key}`)) {
            refuse(`${key} is given in plain text: set it with \`pulumi config set --secret ${key}\`.`);
        }
    }
}

function absolutePath(config: pulumi.Config, key: Key): string {
    const value = config.require(key);
    // Kubernetes takes no step back in the path of a volume.
    if (!path.posix.isAbsolute(value) || value.split("/").includes("..")) {
        refuse(`${key} must be an absolute path without "..", and is "${value}".`);
    }
    return value;
}

/** https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/ */
function quantity(config: pulumi.Config, key: Key): string {
    const value = config.require(key);
    if (!/^(\d+(\.\d*)?|\.\d+)([KMGTPE]i|[numkMGTPE]|[eE][+-]?\d+)?$/.test(value) || !(Number.parseFloat(value) > 0)) {
        refuse(`${key} must be a Kubernetes quantity above zero, as 5Gi, and is "${value}".`);
    }
    return value;
}

/** https://github.com/distribution/reference; a pod with another name would be waited for until the timeout. */
function image(config: pulumi.Config, key: Key): string {
    const value = config.require(key);
    const registry = "[A-Za-z0-9.-]+(:[0-9]+)?/";
    const part = "[a-z0-9]+([._-]+[a-z0-9]+)*";
    const version = "(:[A-Za-z0-9_][A-Za-z0-9_.-]{0,127})?(@sha256:[0-9a-f]{64})?";
    if (!new RegExp(`^(${registry})?${part}(/${part})*${version}$`).test(value)) {
        refuse(`${key} must be the name of an image, as registry.example.com/engine:1.0, and is "${value}".`);
    }
    return value;
}

function engineUser(config: pulumi.Config, key: Key): EngineUser {
    const value = config.require(key);
    const [, major, minor] =
        /^(\d+)\.(\d+)\.\d+$/.exec(value) ?? refuse(`${key} must be three numbers, as 12.792.0, and is "${value}".`);
    // 12.350.0 is where Qlik's image changed its user (its release notes of March 2019).
    const isBeforeChange = Number(major) < 12 || (Number(major) === 12 && Number(minor) < 350);
    return isBeforeChange ? { name: "nobody", id: 65534 } : { name: "engine", id: 1910 };
}

function brokerLogin(config: pulumi.Config): Pick<Settings, "brokerUsername" | "brokerPassword"> {
    const kind = oneOf(config, "brokerLogin", ["random", "guest"]);
    const username = optional(config, "brokerUsername");
    const password = optional(config, "brokerPassword");

    if (kind === "guest") {
        if (username !== undefined || password !== undefined) {
            refuse(
                "brokerLogin is guest, which leaves no room for brokerUsername and brokerPassword: unset them, or brokerLogin.",
            );
        }
        return { brokerUsername: "guest", brokerPassword: pulumi.secret("guest") };
    }
    if (username === undefined && password === undefined) {
        return {};
    }
    if (username === undefined) {
        refuse("brokerPassword is given without brokerUsername: give both, or none.");
    }
    if (password === undefined) {
        refuse(`brokerUsername "${username}" is given without brokerPassword: give both, or none.`);
    }
    if (username === "guest") {
        refuse(
            'brokerUsername must not be "guest", which the broker keeps off the network: set brokerLogin to guest instead.',
        );
    }
    // What both of them may hold without being quoted in the broker's configuration file.
    const plain = /^[\w.~!@%^*+=-]+$/;
    if (!plain.test(username)) {
        refuse(`brokerUsername must be letters, digits and . _ ~ ! @ % ^ * + = - only, and is "${username}".`);
    }
    if (!plain.test(password)) {
        refuse("brokerPassword must be letters, digits and . _ ~ ! @ % ^ * + = - only.");
    }
    return { brokerUsername: username, brokerPassword: config.requireSecret("brokerPassword") };
}

function rules(config: pulumi.Config, key: Key): string {
    const file = config.require(key);
    let text: string;
    try {
        text = fs.readFileSync(file, "utf8");
    } catch (error) {
        return refuse(
            `${key} names the file "${file}", which cannot be read: ${(error as NodeJS.ErrnoException).code}.`,
        );
    }
    if (text.trim() === "") {
        refuse(`${key} names the file "${file}", which is empty.`);
    }
    return text;
}

function dockerHub(config: pulumi.Config): Settings["dockerHub"] {
    const keys = ["dockerHubUsername", "dockerHubPassword", "dockerHubEmail"] as const;
    const [username, password, email] = keys.map((key) => optional(config, key));
    if (username !== undefined && password !== undefined && email !== undefined) {
        return { username, password: config.requireSecret("dockerHubPassword"), email };
    }
    const given = [
        username && `dockerHubUsername "${username}"`,
        password && "dockerHubPassword",
        email && `dockerHubEmail "${email}"`,
    ];
    const missing = keys.filter((_, index) => !given[index]);
    if (missing.length < keys.length) {
        refuse(
            `${given.filter(Boolean).join(" and ")} is given without ${missing.join(" and ")}: give all three, or none.`,
        );
    }
    return undefined;
}

function exposure(config: pulumi.Config): Pick<Settings, "nodeHost" | "engine1NodePort" | "engine2NodePort"> {
    const kind = oneOf(config, "exposure", ["nodePort", "clusterIP"]);
    const engine1NodePort = nodePort(config, "engine1NodePort");
    const engine2NodePort = nodePort(config, "engine2NodePort");

    if (kind === "clusterIP") {
        if (engine1NodePort !== undefined || engine2NodePort !== undefined) {
            refuse("exposure is clusterIP, which has no node ports: unset engine1NodePort and engine2NodePort.");
        }
        return {};
    }
    if (engine1NodePort !== undefined && engine1NodePort === engine2NodePort) {
        refuse(`engine1NodePort and engine2NodePort must differ, and both are ${engine1NodePort}.`);
    }
    const nodeHost = config.require("nodeHost");
    if (!URL.canParse(`ws://${nodeHost}`) || new URL(`ws://${nodeHost}`).hostname !== nodeHost.toLowerCase()) {
        refuse(`nodeHost must be a host name or an address, without scheme or port, and is "${nodeHost}".`);
    }
    return { nodeHost, engine1NodePort, engine2NodePort };
}

/** The range that Kubernetes gives node ports from unless the cluster's operator changed it. */
function nodePort(config: pulumi.Config, key: Key): number | undefined {
    const value = config.requireNumber(key);
    if (value !== 0 && !(Number.isInteger(value) && value >= 30000 && value <= 32767)) {
        refuse(`${key} must be a port from 30000 to 32767, or 0, and is ${value}.`);
    }
    return value || undefined;
}

function atLeastOne(config: pulumi.Config, key: Key): number {
    const value = config.requireNumber(key);
    if (!Number.isInteger(value) || value < 1) {
        refuse(`${key} must be a whole number above zero, and is ${value}.`);
    }
    return value;
}

function oneOf<T extends string>(config: pulumi.Config, key: Key, allowed: readonly T[]): T {
    const value = config.require(key);
    return (
        allowed.find((candidate) => candidate === value) ??
        refuse(`${key} must be ${allowed.join(" or ")}, and is "${value}".`)
    );
}
