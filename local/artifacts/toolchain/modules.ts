import { pluginVersions } from "../pulumi/versions";
import { copyFile, cp, mkdir, readdir, readFile, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { run } from "../../machine/run";
import { goEnvironment } from "./go";
import { withoutDeclarations, withoutUnusedImports } from "./goText";

/** By the path of a file in its module: its new text from the one that it has; `undefined` if it is left out. */
export type Changes = Readonly<Record<string, (text: string) => string | undefined>>;

/** Registers each kind of object as what any kind can be, under the same type token: 60 packages of types less to compile. */
export function withoutTypedKinds(text: string): string {
    return withoutUnusedImports(text.replace(/^(\t\tvar res )\w+\.\w+$/gm, "$1apiextensions.CustomResource"));
}

/** Without the reader of a description of Pulumi Cloud's own API, which is a quarter of the CLI's compilation. */
export function withoutOpenApi(text: string): string {
    return withoutDeclarations(text, ["base", "libopenapi", "orderedmap", "v3high"]);
}

/** In place of the reader. */
const noReader = `
func parseIndex([]byte) (*Index, error) {
	return nil, NewAPIError(cmdutil.ExitInternalError, ErrSpecParse,
		"This Pulumi CLI was built without \`pulumi api\`. Install the released one for it.")
}
`;

/** No plugin of containerd's, which Debian's can't have, and with it no WebAssembly; the API server's word counts. */
const noPlugin = `package networkpolicy

import "context"

type nriPlugin struct{ stub nriStub }

type nriStub struct{}

func NewNriPlugin() (*nriPlugin, error) { return &nriPlugin{}, nil }

func (nriStub) Run(context.Context) error { return nil }

func (*nriPlugin) GetPodFromIP(string) string { return "" }
`;

/** The program makes no rules of its own: the node has one, which asks for each connection once (node.sh). */
export function withoutOwnRules(text: string): string {
    const signature = /^func \(c \*Controller\) (?:sync|clean)NFTablesRules\(ctx context\.Context\) ?(?:error )?\{\n/gm;
    if (text.match(signature)?.length !== 2) throw new Error("The functions that make rules are not as they were.");
    return text.replace(signature, (line) => `${line}\treturn${line.includes("error") ? " nil" : ""}\n`);
}

/** The provider names the version of this library that its own Kubernetes modules are of, and is compiled beside newer ones. */
export function withNewerFieldSets(text: string): string {
    return text.replaceAll("sigs.k8s.io/structured-merge-diff/v4/", "sigs.k8s.io/structured-merge-diff/v6/");
}

/** What the CLI's newer module takes by its address. */
export function withProviderByAddress(text: string): string {
    return text.replace("Provider: pschema.ResourceSpec{", "Provider: &pschema.ResourceSpec{");
}

const isLeftOut = () => undefined;

/** What is changed in Kubernetes' modules. The two that are left out are for tests, and would have a client for tests compiled. */
const kubernetesModules: Readonly<Record<string, Changes>> = {
    "k8s.io/apiserver": { "pkg/admission/plugin/policy/generic/policy_test_context.go": isLeftOut },
    "k8s.io/kubernetes": { "pkg/scheduler/backend/queue/testing.go": isLeftOut },
    "sigs.k8s.io/kube-network-policies": {
        "pkg/networkpolicy/nri.go": () => noPlugin,
        "pkg/networkpolicy/controller.go": withoutOwnRules,
    },
};

const provider = "github.com/pulumi/pulumi-kubernetes/provider/v4";

/**
 * What is changed in the modules of the Pulumi CLI and of its provider for Kubernetes. Of the provider itself it is two lines, so that it
 * is compiled against newer modules, which it shares with Kubernetes and the CLI. The rest is left out to compile less: `pulumi api` speaks
 * to Pulumi Cloud alone, and the typed kinds are of use to a Go program, not to the provider.
 */
const pulumiModules: Readonly<Record<string, Changes>> = {
    "github.com/pulumi/pulumi/pkg/v3": {
        "cmd/pulumi/cloud/schema.go": withoutOpenApi,
        "cmd/pulumi/cloud/spec.go": (text) => withoutOpenApi(text + noReader),
    },
    "github.com/pulumi/pulumi-kubernetes/sdk/v4": { "go/kubernetes/yaml/v2/kinds.go": withoutTypedKinds },
    [provider]: { "pkg/await/await.go": withNewerFieldSets, "pkg/gen/schema.go": withProviderByAddress },
};

/** Fetches modules of go.mod. @returns their directories in Go's cache, by path. */
async function fetchModules(directory: string, paths: readonly string[]): Promise<Map<string, string>> {
    const options = { cwd: directory, env: goEnvironment };
    await run("go-modules", "go", ["mod", "download", ...paths], options);
    const listed = await run("go-modules", "go", ["list", "-m", "-f", "{{.Path}} {{.Dir}}", ...paths], options);
    return new Map(
        listed
            .trimEnd()
            .split("\n")
            .map((line) => line.split(" ", 2) as [string, string]),
    );
}

/** Mirrors a directory of Go's cache by links, with some files changed, and with copies beside those: Go embeds nothing by a link. */
async function mirror(from: string, to: string, changes: Changes): Promise<void> {
    await mkdir(to);
    const entries = await readdir(from, { withFileTypes: true });
    const missing = Object.keys(changes).find((path) => entries.every(({ name }) => name !== path.split("/")[0]));
    if (missing) throw new Error(`There is no ${missing} in ${from}. Its change in modules.ts has to follow.`);
    const isPackage = Object.keys(changes).some((path) => !path.includes("/"));
    for (const entry of entries) {
        const [source, target] = [join(from, entry.name), join(to, entry.name)];
        const below = Object.entries(changes).flatMap(([path, change]) =>
            path.startsWith(`${entry.name}/`) ? [[path.slice(entry.name.length + 1), change] as const] : [],
        );
        const change = changes[entry.name];
        if (below.length > 0) await mirror(source, target, Object.fromEntries(below));
        else if (change) {
            const text = change(await readFile(source, "utf8"));
            if (text !== undefined) await writeFile(target, text);
        } else if (entry.isDirectory() && !isPackage) await symlink(source, target);
        else if (entry.isDirectory()) await cp(source, target, { recursive: true });
        else await copyFile(source, target);
    }
}

/** Puts beside the provider's program the two files that it embeds; in its module the schema has no version yet. */
async function addEmbedded(module: string, program: string): Promise<void> {
    const directory = join(module, "cmd", "pulumi-resource-kubernetes");
    const schema = JSON.parse(await readFile(join(directory, "schema.json"), "utf8")) as object;
    await writeFile(join(program, "schema.json"), JSON.stringify({ ...schema, version: pluginVersions.kubernetes }));
    await copyFile(join(directory, "terraform-mapping.json"), join(program, "terraform-mapping.json"));
}

/**
 * Makes, in an empty directory, a module with this one's go.mod, one of its folders, and changed modules.
 *
 * @returns the directories of these in Go's cache, by path.
 */
async function assemble(
    directory: string,
    folder: string,
    modules: Readonly<Record<string, Changes>>,
): Promise<Map<string, string>> {
    for (const name of ["go.mod", "go.sum", folder]) {
        await cp(join(__dirname, name), join(directory, name), { recursive: true });
    }
    const found = await fetchModules(__dirname, Object.keys(modules));
    for (const [path, changes] of Object.entries(modules)) {
        const copy = join(directory, "modules", path);
        await mkdir(dirname(copy), { recursive: true });
        await mirror(found.get(path) ?? "", copy, changes);
    }
    const replacements = Object.keys(modules).map((path) => `-replace=${path}=./modules/${path}`);
    await run("go-modules", "go", ["mod", "edit", ...replacements], { cwd: directory, env: goEnvironment });
    return found;
}

/** Makes, in an empty directory, the module in which Kubernetes is built. */
export async function assembleKubernetes(directory: string): Promise<void> {
    await assemble(directory, "kubernetes", kubernetesModules);
}

/** Makes, in an empty directory, the module in which the Pulumi CLI and its provider for Kubernetes are built. */
export async function assemblePulumi(directory: string): Promise<void> {
    const found = await assemble(directory, "provider", pulumiModules);
    await addEmbedded(found.get(provider) ?? "", join(directory, "provider"));
}
