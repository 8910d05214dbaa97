import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { markUsed, prune, putInPlace, unfinishedName } from "../../machine/cache";
import { cacheDirectory } from "../../machine/paths";
import { run } from "../../machine/run";
import { goEnvironment, goVersionConflict } from "./go";
import { tools, type Tool, type ToolName } from "./tools";

/** Why the Go on PATH cannot build a tool, in a sentence; undefined if it can. */
export async function goConflict(name: ToolName): Promise<string | undefined> {
    const module = await readFile(join(__dirname, tools[name].directory, "go.mod"), "utf8");
    return goVersionConflict(/^go (\S+)$/m.exec(module)?.[1] ?? "");
}

/** The files of a folder, without what is only read by people; or the one file. */
async function filesOf(path: string): Promise<string[]> {
    if (!(await stat(path)).isDirectory()) return [path];
    const names = (await readdir(path)).filter((name) => !name.endsWith(".md"));
    return names.sort().map((name) => join(path, name));
}

/** The text of all that a tool is built from: what is not here has its checksum in go.sum. */
async function readInputs(tool: Tool): Promise<string[]> {
    const modules = ["go.mod", "go.sum"].map((file) => join(__dirname, tool.directory, file));
    const own = await Promise.all(tool.sources.map((source) => filesOf(join(__dirname, source))));
    return Promise.all([...modules, ...own.flat()].map((file) => readFile(file, "utf8")));
}

/** What a tool is built from, and where it is, or is going to be. */
async function describeTool(name: ToolName) {
    const tool: Tool = tools[name];
    const flags = [
        "-trimpath",
        // What -s and -w keep out of the binary: writing it takes the compiler up to a quarter of its time. As many compilers run as there
        // are processors, and one that shares its work out among threads takes a tenth more of them.
        "-gcflags=all=-dwarf=false -c=1",
        "-ldflags",
        ["-s", "-w", ...Object.entries(tool.variables).map(([variable, value]) => `-X ${variable}=${value}`)].join(" "),
    ];
    const key = createHash("sha256")
        .update(JSON.stringify([process.arch, tool.package, flags, await readInputs(tool)]))
        .digest("hex")
        .slice(0, 16);
    const target = join(cacheDirectory, "tools", `${name}-${key}`);
    return { tool, flags, target, binary: join(target, name) };
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
    const { tool, flags, target, binary } = await describeTool(name);
    if (existsSync(binary)) {
        await markUsed(target);
        return binary;
    }

    const conflict = await goConflict(name);
    if (conflict) throw new Error(conflict);
    const log = `build-${name}`;
    const unfinished = unfinishedName(target);
    const assembled = `${unfinished}.module`;
    await mkdir(unfinished, { recursive: true });
    try {
        report("fetching Go modules");
        await mkdir(assembled);
        await tool.assemble?.(assembled);
        const options = { cwd: tool.assemble ? assembled : join(__dirname, tool.directory), env: goEnvironment };
        const packages = (await run(log, "go", ["list", "-deps", tool.package], options)).trim().split("\n").length;
        let compiled = 0;
        // Builds that go on beside it give way to Kubernetes, and to the cluster, which everything else waits for.
        const niceness = name === "kubernetes" ? "1" : "19";
        await run(
            log,
            "nice",
            ["-n", niceness, "go", "build", "-v", ...flags, "-o", join(unfinished, name), tool.package],
            {
                ...options,
                // Go names each package that it compiles, and none that is in its own cache.
                onLine: () => report(`compiled ${++compiled} of at most ${packages} packages`),
            },
        );
        await putInPlace(unfinished, target);
    } finally {
        for (const directory of [unfinished, assembled]) await rm(directory, { recursive: true, force: true });
    }
    await prune(dirname(target), name, 24);
    return binary;
}
