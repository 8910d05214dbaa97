import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import * as pulumi from "@pulumi/pulumi";
import { parse, stringify } from "yaml";
import { projectDirectory } from "../machine/paths";

/** A value of a stack file that is encrypted. */
interface Encrypted {
    readonly secure: string;
}

type Value = string | number | boolean | Encrypted;

const isEncrypted = (value: Value): value is Encrypted => typeof value === "object" && "secure" in value;

/** Stands for what only a passphrase would show, wherever it must be something. */
const secretText = "secret";

/** Pulumi's own mark of a secret on the wire (sdk/nodejs/runtime/rpc.ts). */
const secretKey = "4dabf18193072939515e22adb298388d";

const isSecret = (value: unknown) => typeof value === "object" && value !== null && secretKey in value;

function readYaml(file: string): { config?: Record<string, unknown> } {
    return parse(readFileSync(join(projectDirectory, file), "utf8")) as { config?: Record<string, unknown> };
}

/** Configures the program as the CLI would: the defaults of Pulumi.yaml, and the stack's file. */
function configure(project: string, stack: string): void {
    const file = `Pulumi.${stack}.yaml`;
    if (!existsSync(join(projectDirectory, file))) {
        throw new Error(`There is no stack file ${file}. Pulumi.example.yaml is one to copy.`);
    }
    const declared = (readYaml("Pulumi.yaml").config ?? {}) as Record<string, { default?: Value; value?: Value }>;
    const defaults = Object.entries(declared).flatMap(([key, { default: value }]): [string, Value][] =>
        value === undefined ? [] : [[`${project}:${key}`, value]],
    );
    const values = { ...Object.fromEntries(defaults), ...(readYaml(file).config as Record<string, Value>) };
    pulumi.runtime.setAllConfig(
        Object.fromEntries(
            Object.entries(values).map(([key, value]) => [key, isEncrypted(value) ? secretText : String(value)]),
        ),
        Object.keys(values).filter((key) => isEncrypted(values[key])),
    );
}

interface Declared {
    readonly metadata?: { readonly name?: string };
}

/** What the cluster would give back: under its logical name what Pulumi would draw a name for. */
function stateOf({ type, name, inputs }: pulumi.runtime.MockResourceArgs): Record<string, unknown> {
    const declared = inputs as Declared & Record<string, unknown>;
    if (type === "random:index/randomPassword:RandomPassword") {
        return { ...declared, result: pulumi.secret(secretText) };
    }
    if (type === "random:index/randomId:RandomId") {
        return { ...declared, hex: "00".repeat(declared.byteLength as number) };
    }
    return { ...declared, metadata: { ...declared.metadata, name: declared.metadata?.name ?? name } };
}

/** The object without what is secret, under the name that the others know it by. */
function manifestOf(resource: pulumi.runtime.MockResourceArgs): object {
    const { apiVersion, kind, metadata, ...others } = stateOf(resource);
    const text = JSON.stringify({ apiVersion, kind, metadata, ...others }, (_, value: unknown) =>
        isSecret(value) ? undefined : value,
    );
    return JSON.parse(text) as object;
}

/**
 * What a stack would apply, as YAML for `kubectl apply`, without a cluster, a backend or a passphrase. What is secret is left out.
 *
 * @throws in a sentence if the stack has no file, and pulumi.RunError if its values are refused.
 */
export async function renderManifests(project: string, stack: string): Promise<string> {
    const resources: pulumi.runtime.MockResourceArgs[] = [];
    await pulumi.runtime.setMocks(
        {
            newResource: (resource) => {
                resources.push(resource);
                return { id: resource.name, state: stateOf(resource) };
            },
            call: (call) => call.inputs as Record<string, unknown>,
        },
        project,
        stack,
    );
    configure(project, stack);
    // Paths of rules are relative to the project.
    process.chdir(projectDirectory);
    createRequire(__filename)("../../index");
    await pulumi.runtime.disconnect();
    return resources
        .filter(({ custom, type }) => custom && type.startsWith("kubernetes:"))
        .map((resource) => `---\n${stringify(manifestOf(resource), { lineWidth: 0 })}`)
        .join("");
}
