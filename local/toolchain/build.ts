import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { markUsed, prune, putInPlace, unfinishedName } from "../cache";
import { cacheDirectory } from "../paths";
import { cliVersion } from "../pulumi/versions";
import { run } from "../run";

/** Of the Kubernetes that is built; its modules' versions are in go.mod. */
export const kubernetesVersion = "v1.35.4";

interface Tool {
    /** Of the go.mod and go.sum, relative to this one. */
    readonly directory: string;
    /** The package to build, and its own source files if it is one of ours. */
    readonly package: string;
    readonly sources: readonly string[];
    /** Go variables set by the linker, which the projects' own builds set too. */
    readonly variables: Readonly<Record<string, string>>;
}

const tools = {
    kubernetes: {
        directory: ".",
        package: "./kubernetes",
        sources: ["kubernetes/main.go"],
        variables: {
            "k8s.io/component-base/version.gitVersion": kubernetesVersion,
            "k8s.io/client-go/pkg/version.gitVersion": kubernetesVersion,
        },
    },
    pulumi: {
        directory: ".",
        package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        sources: [],
        variables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": cliVersion },
    },
    lyingfs: {
        directory: ".",
        package: "./lyingfs",
        sources: [
            "lyingfs/contents.go",
            "lyingfs/control.go",
            "lyingfs/faults.go",
            "lyingfs/listing.go",
            "lyingfs/main.go",
            "lyingfs/names.go",
            "lyingfs/node.go",
            "lyingfs/unsynced.go",
            "lyingfs/volume.go",
        ],
        variables: {},
    },
    "pulumi-language-nodejs": {
        directory: "nodejs-host",
        package: "github.com/pulumi/pulumi/sdk/v3/nodejs/cmd/pulumi-language-nodejs",
        sources: [],
        variables: {},
    },
} as const satisfies Record<string, Tool>;

export type ToolName = keyof typeof tools;

/** Said whole, so that a user's own Go settings build nothing else; the proxy is the user's. */
const goEnvironment = {
    CGO_ENABLED: "0",
    GOARCH: "",
    GOFLAGS: "-buildvcs=false",
    GOOS: "",
    GOTOOLCHAIN: "local",
    GOWORK: "off",
};

/** Whether `version` (1.26.8, 1.27rc1) is at least `wanted` (1.25.8). */
export function isAtLeast(version: string, wanted: string): boolean {
    const numbers = (text: string) => text.split(/\D+/).map(Number);
    const [is, least] = [numbers(version), numbers(wanted)];
    for (const [index, number] of least.entries()) {
        if ((is[index] ?? 0) !== number) return (is[index] ?? 0) > number;
    }
    return true;
}

/** Values of Go's own settings, such as GOCACHE. @throws ENOENT if there is no Go on PATH. */
export async function readGoSettings(...names: string[]): Promise<string[]> {
    return (await run("go", "go", ["env", ...names], { env: goEnvironment })).trimEnd().split("\n");
}

/** Why the Go on PATH cannot build a tool, in a sentence; undefined if it can. */
export async function goConflict(name: ToolName): Promise<string | undefined> {
    const module = await readFile(join(__dirname, tools[name].directory, "go.mod"), "utf8");
    const wanted = /^go (\S+)$/m.exec(module)?.[1] ?? "";
    let version: string;
    try {
        version = (await readGoSettings("GOVERSION"))[0].replace(/^go/, "");
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
        return `Go ${wanted} or later is needed on PATH; there is none`;
    }
    if (isAtLeast(version, wanted)) return undefined;
    return `Go ${wanted} or later is needed on PATH; the one there is ${version}`;
}

/** What a tool is built from, and where it is, or is going to be. */
async function describeTool(name: ToolName) {
    const tool: Tool = tools[name];
    const directory = join(__dirname, tool.directory);
    const flags = [
        "-trimpath",
        "-ldflags",
        ["-s", "-w", ...Object.entries(tool.variables).map(([variable, value]) => `-X ${variable}=${value}`)].join(" "),
    ];
    const inputs = await Promise.all(
        ["go.mod", "go.sum", ...tool.sources].map((file) => readFile(join(directory, file), "utf8")),
    );
    const key = createHash("sha256")
        .update(JSON.stringify([process.arch, tool.package, flags, inputs]))
        .digest("hex")
        .slice(0, 16);
    const target = join(cacheDirectory, "tools", `${name}-${key}`);
    return { tool, directory, flags, target, binary: join(target, name) };
}

/** Whether a tool was built before on this machine, from what it would be built from now. */
export async function isBuilt(name: ToolName): Promise<boolean> {
    return existsSync((await describeTool(name)).binary);
}

/**
 * Builds a tool from its Go modules, unless that was done before on this machine.
 *
 * @returns the binary's path in the cache.
 */
export async function buildTool(name: ToolName, report: (line: string) => void): Promise<string> {
    const { tool, directory, flags, target, binary } = await describeTool(name);
    if (existsSync(binary)) {
        await markUsed(target);
        return binary;
    }

    const conflict = await goConflict(name);
    if (conflict) throw new Error(conflict);
    const log = `build-${name}`;
    const options = { cwd: directory, env: goEnvironment };
    report("fetching Go modules");
    const packages = (await run(log, "go", ["list", "-deps", tool.package], options)).trim().split("\n").length;
    const unfinished = unfinishedName(target);
    await mkdir(unfinished, { recursive: true });
    try {
        let compiled = 0;
        // The cluster starts meanwhile.
        await run(log, "nice", ["go", "build", "-v", ...flags, "-o", join(unfinished, name), tool.package], {
            ...options,
            // Go names each package that it compiles, and none that is in its own cache.
            onLine: () => report(`compiled ${++compiled} of at most ${packages} packages`),
        });
        await putInPlace(unfinished, target);
    } finally {
        await rm(unfinished, { recursive: true, force: true });
    }
    await prune(dirname(target), name, 24);
    return binary;
}
