import { existsSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { kubernetesConflict, networkConflicts, portConflicts, unstopped, versionConflict } from "../cluster/cluster";
import { missingRoots } from "../images/rootFileSystem";
import { debianPackages, packageConflict } from "../packages";
import { cacheDirectory, machine, projectDirectory } from "../paths";
import { findReleased, mustBuildPulumi } from "../pulumi";
import { goConflict, isBuilt, readGoSettings, type ToolName } from "../toolchain/build";
import { diskConflicts, type DiskNeed } from "./disk";
import { nodePortConflicts } from "./nodePorts";

/** Sentences of what is in the way: none if nothing is. */
type Check = () => string[] | Promise<string[]>;

const present = (sentence: string | undefined) => (sentence === undefined ? [] : [sentence]);

function isOnPath(program: string): boolean {
    return (process.env.PATH ?? "").split(delimiter).some((directory) => existsSync(join(directory, program)));
}

/** @throws in a sentence, on a machine of a kind that the local platform is not made for. */
export function checkSystem({ platform, arch }: Pick<NodeJS.Process, "platform" | "arch"> = process): void {
    const missing = ["apt-get", "dpkg"].filter((program) => !isOnPath(program));
    const fault =
        platform !== "linux" || arch !== "x64"
            ? `this is ${platform} on ${arch}`
            : missing.length > 0
              ? `there is no ${missing.join(" and no ")} on PATH`
              : undefined;
    if (fault) throw new Error(`the local platform needs Debian or something like it on amd64: ${fault}`);
}

/** Whether a process is a program of this machine's cluster: each is told of a file there, by its arguments. */
function isOfCluster(pid: number): boolean {
    try {
        return readFileSync(`/proc/${pid}/cmdline`, "utf8").includes(`${machine.cluster}/`);
    } catch {
        // It has ended, and holds nothing any more.
        return true;
    }
}

async function missingTools(): Promise<ToolName[]> {
    const wanted: ToolName[] = [
        "kubernetes",
        ...(mustBuildPulumi() ? (["pulumi", "pulumi-language-nodejs"] as const) : []),
    ];
    const built = await Promise.all(wanted.map(isBuilt));
    return wanted.filter((_, index) => !built[index]);
}

const goConflicts: Check = async () => {
    for (const tool of await missingTools()) {
        const conflict = await goConflict(tool);
        if (conflict) return [conflict];
    }
    return [];
};

/** Megabytes, as measured after builds from nothing. Go's caches are of the two large tools, built one after the other. */
const sizes = {
    tools: { kubernetes: 160, pulumi: 130, "pulumi-language-nodejs": 20 },
    goBuildCache: { large: 4800, small: 240 },
    goModules: { large: 3300, small: 290 },
    /** With its layer and its image. */
    roots: { broker: 450, node: 500 },
    cluster: 1500,
} as const;

async function goNeeds(tools: readonly ToolName[]): Promise<DiskNeed[]> {
    if (tools.length === 0) return [];
    // Without a Go there is nothing to build with either, which is said elsewhere.
    const settings = await readGoSettings("GOCACHE", "GOMODCACHE").catch(() => undefined);
    if (settings === undefined) return [];
    const [buildCache, modules] = settings;
    const size = tools.some((tool) => tool !== "pulumi-language-nodejs") ? "large" : "small";
    return [
        { what: "Go's build cache", directory: buildCache, megabytes: sizes.goBuildCache[size] },
        { what: "Go modules", directory: modules, megabytes: sizes.goModules[size] },
    ];
}

/** What is still to be made, and where. */
async function diskNeeds(): Promise<DiskNeed[]> {
    const tools = await missingTools();
    const cached = [...tools.map((tool) => sizes.tools[tool]), ...missingRoots().map((kind) => sizes.roots[kind])];
    const needs = [
        { what: "tools and images", directory: cacheDirectory, megabytes: cached.reduce((sum, size) => sum + size, 0) },
        ...(await goNeeds(tools)),
        { what: "the cluster", directory: machine.cluster, megabytes: existsSync(machine.cluster) ? 0 : sizes.cluster },
    ];
    return needs.filter(({ megabytes }) => megabytes > 0);
}

/** Debian packages that are going to be asked for. */
function neededPackages(): string[] {
    const { cluster, rootFileSystems } = debianPackages;
    return [...cluster, ...(missingRoots().length > 0 ? rootFileSystems : [])];
}

const checks: readonly Check[] = [
    async () => present(await versionConflict(machine.cluster)),
    // The chains of a cluster that was not stopped are its own.
    () => present(unstopped() === "since boot" ? undefined : kubernetesConflict()),
    () => networkConflicts(),
    () => portConflicts(isOfCluster),
    () => nodePortConflicts(join(projectDirectory, "Pulumi.dev.yaml")),
    goConflicts,
    async () => diskConflicts(await diskNeeds()),
    () => present(packageConflict(neededPackages())),
];

/** What is said of a `pulumi` on PATH that is left alone; undefined if there is none, or one that can be used. */
export function unusedPulumi(): string | undefined {
    const released = findReleased();
    if (!released || released.usable) return undefined;
    const version = released.version === "" ? "tells no version" : `is ${released.version}`;
    return `${released.program} ${version} and is not used: 3.246 or newer, below 4, would be.`;
}

/**
 * Looks for all that would make bringing the platform up fail, and changes nothing. Callers hold the machine's lock.
 *
 * @throws with a sentence for each thing that is in the way.
 */
export async function preflight(say: (line: string) => void): Promise<void> {
    const unused = unusedPulumi();
    if (unused) say(unused);
    const conflicts = [];
    for (const check of checks) conflicts.push(...(await check()));
    if (conflicts.length > 0) throw new Error(conflicts.join("\n"));
}
