import { existsSync } from "node:fs";
import { join } from "node:path";
import { apiServerPortConflict, describeNodes, rememberedNodes, versionConflict } from "../../cluster/cluster";
import { isPulled, registry } from "../../artifacts/images/pulled";
import { missingRoots, type RootKind } from "../../artifacts/images/rootFileSystem";
import { findOnPath } from "../../machine/onPath";
import { debianPackages, packageConflict } from "../../machine/packages";
import { cacheDirectory, machine, projectDirectory } from "../../machine/paths";
import { findReleased, installer, mustBuildPulumi } from "../../artifacts/pulumi/cli";
import { findLanguageHost } from "../../artifacts/pulumi/languageHost";
import { mustBuildPlugin } from "../../artifacts/pulumi/plugins";
import { releasedPluginConflict } from "../../artifacts/pulumi/releasedPlugins";
import { cliVersion, pluginNames } from "../../artifacts/pulumi/versions";
import { doesAnswer, unanswered } from "../../artifacts/released/fetch";
import type { Tools } from "../../artifacts/released/tools";
import { goConflict, isBuilt } from "../../artifacts/toolchain/build";
import { readGoSettings } from "../../artifacts/toolchain/go";
import { diskConflicts, type DiskNeed } from "./disk";
import { nodePortConflicts } from "./nodePorts";

/** What is going to be done, if nothing is in the way. */
export interface Plan {
    readonly tools?: Tools;
    /** The stack goes to another cluster: nothing of the local one is needed. */
    readonly isElsewhere?: boolean;
    /** How many the cluster shall have; as many as the last time if it isn't said. */
    readonly nodes?: number;
}

/** Sentences of what is in the way: none if nothing is. */
type Check = (plan: Plan) => string[] | Promise<string[]>;

const present = (sentence: string | undefined) => (sentence === undefined ? [] : [sentence]);

/** @throws in a sentence, on a machine of a kind that the local platform is not made for. */
export function checkSystem({ platform, arch }: Pick<NodeJS.Process, "platform" | "arch"> = process): void {
    const missing = ["apt-get", "dpkg"].filter((program) => findOnPath(program) === undefined);
    const fault =
        platform !== "linux" || arch !== "x64"
            ? `this is ${platform} on ${arch}`
            : missing.length > 0
              ? `there is no ${missing.join(" and no ")} on PATH`
              : undefined;
    if (fault) throw new Error(`the local platform needs Debian or something like it on amd64: ${fault}`);
}

/** What is built for a start. */
type ToolName = keyof typeof sizes.tools;

/** What of Pulumi is built. */
async function pulumiTools(tools: Tools | undefined): Promise<ToolName[]> {
    const plugins: ToolName[] = (await mustBuildPlugin(tools)) ? ["pulumi-resource-kubernetes"] : [];
    if (await mustBuildPulumi(tools)) return ["pulumi", "pulumi-language-nodejs", ...plugins];
    const onPath = findReleased();
    const hasNoHost = onPath?.usable && findLanguageHost(onPath.program) === undefined;
    return hasNoHost ? ["pulumi-language-nodejs", ...plugins] : plugins;
}

async function missingTools({ tools, isElsewhere }: Plan): Promise<ToolName[]> {
    const wanted: ToolName[] = [...(isElsewhere ? [] : ["kubernetes" as const]), ...(await pulumiTools(tools))];
    const built = await Promise.all(wanted.map(isBuilt));
    return wanted.filter((_, index) => !built[index]);
}

/** What is neither here nor to be pulled from here. */
function rootsToMake({ tools, isElsewhere }: Plan): RootKind[] {
    const imageOf = { broker: "broker", node: "engine" } as const;
    return isElsewhere ? [] : missingRoots().filter((kind) => !isPulled(imageOf[kind], tools));
}

const releasedConflicts: Check = async ({ tools, isElsewhere }) => {
    if (tools !== "released") return [];
    const conflicts = (await mustBuildPulumi(tools)) ? [unanswered(`Pulumi CLI ${cliVersion}`, installer)] : [];
    for (const plugin of pluginNames) conflicts.push(...present(await releasedPluginConflict(plugin)));
    const pulled = (["broker", "engine"] as const).filter((kind) => !isElsewhere && !isPulled(kind, tools));
    if (pulled.length > 0 && !(await doesAnswer(registry)))
        conflicts.push(unanswered(`images of ${pulled.join(" and ")}`, registry));
    return conflicts.map((conflict) => `--tools=released: ${conflict}`);
};

const goConflicts: Check = async (plan) => {
    for (const tool of await missingTools(plan)) {
        const conflict = await goConflict(tool);
        if (conflict) return [conflict];
    }
    return [];
};

/** Megabytes, as measured after builds from nothing. */
const sizes = {
    tools: { kubernetes: 160, pulumi: 100, "pulumi-language-nodejs": 20, "pulumi-resource-kubernetes": 90 },
    goBuildCache: { large: 4800, small: 240 },
    goModules: { large: 3300, small: 290 },
    /** With its layer and its image. */
    roots: { broker: 450, node: 500 },
    cluster: 800,
    /** With its copy of the images. */
    node: 700,
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
async function diskNeeds(plan: Plan): Promise<DiskNeed[]> {
    const tools = await missingTools(plan);
    const cached = [...tools.map((tool) => sizes.tools[tool]), ...rootsToMake(plan).map((kind) => sizes.roots[kind])];
    const nodes = describeNodes(plan.nodes ?? rememberedNodes()).filter(({ directory }) => !existsSync(directory));
    const cluster = (existsSync(machine.cluster) ? 0 : sizes.cluster) + nodes.length * sizes.node;
    const needs = [
        { what: "tools and images", directory: cacheDirectory, megabytes: cached.reduce((sum, size) => sum + size, 0) },
        ...(await goNeeds(tools)),
        { what: "the cluster", directory: machine.cluster, megabytes: plan.isElsewhere ? 0 : cluster },
    ];
    return needs.filter(({ megabytes }) => megabytes > 0);
}

/** Debian packages that are going to be asked for. */
function neededPackages(plan: Plan): string[] {
    const { cluster, rootFileSystems, pulledImages } = debianPackages;
    if (rootsToMake(plan).length === 0) return [...cluster];
    return [...cluster, ...(plan.tools === "released" ? pulledImages : rootFileSystems)];
}

const clusterChecks: readonly Check[] = [
    async () => present(await versionConflict(machine.cluster)),
    async () => present(await apiServerPortConflict()),
    () => nodePortConflicts(join(projectDirectory, "Pulumi.dev.yaml")),
    (plan) => present(packageConflict(neededPackages(plan))),
];

const toolChecks: readonly Check[] = [
    releasedConflicts,
    goConflicts,
    async (plan) => diskConflicts(await diskNeeds(plan)),
];

/** What is said of a `pulumi` on PATH that is left alone; undefined if there is none, or one that can be used. */
export function unusedPulumi(): string | undefined {
    const released = findReleased();
    if (!released || released.usable) return undefined;
    const version = released.version === "" ? "tells no version" : `is ${released.version}`;
    return `${released.program} ${version} and is not used: 3.246 or newer, below 4, would be.`;
}

/**
 * Looks for all that would make bringing the platform up fail, and changes nothing; asks servers whether they
 * answer, if it depends on them what is built. Callers hold the machine's lock.
 *
 * @throws with a sentence for each thing that is in the way.
 */
export async function preflight(say: (line: string) => void, plan: Plan = {}): Promise<void> {
    const unused = unusedPulumi();
    if (unused) say(unused);
    const conflicts = [];
    for (const check of plan.isElsewhere ? toolChecks : [...clusterChecks, ...toolChecks])
        conflicts.push(...(await check(plan)));
    if (conflicts.length > 0) throw new Error(conflicts.join("\n"));
}
