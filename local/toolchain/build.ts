import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { cacheDirectory } from "../paths";
import { run } from "../run";

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
            "k8s.io/component-base/version.gitVersion": "v1.35.4",
            "k8s.io/client-go/pkg/version.gitVersion": "v1.35.4",
        },
    },
    pulumi: {
        directory: ".",
        package: "github.com/pulumi/pulumi/pkg/v3/cmd/pulumi",
        sources: [],
        variables: { "github.com/pulumi/pulumi/sdk/v3/go/common/version.Version": "3.246.0" },
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

/** @throws if there is no Go, or one that is too old for `module`. */
async function checkGo(module: string): Promise<void> {
    const wanted = /^go (\S+)$/m.exec(module)?.[1] ?? "";
    let printed: string;
    try {
        printed = await run("go", "go", ["env", "GOVERSION"], { env: goEnvironment });
    } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        throw code === "ENOENT" ? new Error(`Go ${wanted} or later is needed on PATH; there is none`) : error;
    }
    const version = printed.trim().replace(/^go/, "");
    if (!isAtLeast(version, wanted)) {
        throw new Error(`Go ${wanted} or later is needed on PATH; the one there is ${version}`);
    }
}

/**
 * Builds a tool from its Go modules, unless that was done before on this machine.
 *
 * @returns the binary's path in the cache.
 */
export async function buildTool(name: ToolName, report: (line: string) => void): Promise<string> {
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
    const binary = join(target, name);
    if (existsSync(binary)) return binary;

    await checkGo(inputs[0]);
    const log = `build-${name}`;
    const options = { cwd: directory, env: goEnvironment };
    report("fetching Go modules");
    const packages = (await run(log, "go", ["list", "-deps", tool.package], options)).trim().split("\n").length;
    const unfinished = `${target}.${process.pid}`;
    await mkdir(unfinished, { recursive: true });
    try {
        let compiled = 0;
        await run(log, "go", ["build", "-v", ...flags, "-o", join(unfinished, name), tool.package], {
            ...options,
            // Go names each package that it compiles, and none that is in its own cache.
            onLine: () => report(`compiled ${++compiled} of at most ${packages} packages`),
        });
        await rename(unfinished, target);
    } finally {
        await rm(unfinished, { recursive: true, force: true });
    }
    return binary;
}
