import { cliVersion, pluginVersions } from "../pulumi/versions";
import { assembleKubernetes, assemblePulumi } from "./modules";

/** Of the Kubernetes that is built; its modules' versions are in go.mod. */
export const kubernetesVersion = "v1.37.2";

/** A program that is built from its Go modules. */
export interface Tool {
    /** Of the go.mod and go.sum, relative to this one. */
    readonly directory: string;
    readonly package: string;
    /** Files and folders of this folder that it is made from, beside its modules. */
    readonly sources: readonly string[];
    /** Go variables set by the linker, which the projects' own builds set too. */
    readonly variables: Readonly<Record<string, string>>;
    /** Makes the module that it is built in, in an empty directory, where the modules alone do not do. */
    readonly assemble?: (directory: string) => Promise<void>;
}

const changes = ["modules.ts", "goText.ts"];

/** All of them, by the names that their programs have. */
export const tools = {
    kubernetes: {
        directory: ".",
        package: "./kubernetes",
        sources: ["kubernetes", ...changes],
        assemble: assembleKubernetes,
        variables: {
            "k8s.io/component-base/version.gitVersion": kubernetesVersion,
            "k8s.io/client-go/pkg/version.gitVersion": kubernetesVersion,
        },
    },
    lyingfs: {
        directory: ".",
        package: "./lyingfs",
        sources: ["lyingfs"],
        variables: {},
    },
    pulumi: {
        directory: ".",
        package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        variables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": cliVersion },
        sources: changes,
        assemble: assemblePulumi,
    },
    "pulumi-language-nodejs": {
        directory: "nodejs-host",
        package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
        sources: [],
        variables: {},
    },
    "pulumi-resource-kubernetes": {
        directory: ".",
        package: "./provider",
        variables: { "main.version": pluginVersions.kubernetes },
        sources: ["provider", ...changes],
        assemble: assemblePulumi,
    },
} as const satisfies Record<string, Tool>;

export type ToolName = keyof typeof tools;
