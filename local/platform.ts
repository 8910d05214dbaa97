import { Listr, PRESET_TIMER, type ListrTask } from "listr2";
import { importImage, startCluster } from "./cluster/cluster";
import { buildImage, type ImageKind } from "./images/image";
import { preparePulumi } from "./pulumi";
import { buildTool } from "./toolchain/build";

const imageKinds: readonly ImageKind[] = ["sandbox", "broker", "engine"];

/** What bringing the platform up did, for those that must react to it. */
export interface Platform {
    /** IDs of the images by name. A name stays the same when the image changes; pods that run know the ID. */
    readonly images: ReadonlyMap<string, string>;
    /** Whether the cluster was started, rather than found running. */
    readonly clusterStarted: boolean;
}

/** Where lines stay, in a log, a step's progress is worth one now and then. */
const pauseBetweenLines = process.stdout.isTTY ? 0 : 20_000;

/** A step whose own lines of progress are shown under its title. */
function step(title: string, work: (report: (line: string) => void) => Promise<unknown>): ListrTask {
    return {
        title,
        task: async (_, task) => {
            let last = 0;
            await work((line) => {
                if (Date.now() - last < pauseBetweenLines) return;
                last = Date.now();
                task.output = `${title}: ${line}`;
            });
        },
    };
}

/** Runs steps with their elapsed time shown; in a terminal as a live list, elsewhere as plain lines. */
export async function runSteps(steps: ListrTask[]): Promise<void> {
    await new Listr(steps, {
        concurrent: false,
        rendererOptions: { timer: PRESET_TIMER, collapseSubtasks: false },
        fallbackRendererOptions: { timer: PRESET_TIMER },
    }).run();
}

/**
 * Brings up everything that a stack of this project needs on a machine that has nothing: the tools, the images, a
 * single-node Kubernetes and the Pulumi CLI. What is already there is left as it is.
 */
export async function bringUpPlatform(): Promise<Platform> {
    let clusterStarted = false;
    const built: { name: string; archive: string }[] = [];
    const imageIds = new Map<string, string>();
    await runSteps([
        {
            title: "Tools and images",
            // Go builds keep the processors busy and images wait for the network, so they run beside each other.
            task: (_, task) =>
                task.newListr(
                    [
                        {
                            title: "Tools",
                            task: (_context, tools) =>
                                tools.newListr([
                                    step("Kubernetes", (report) => buildTool("kubernetes", report)),
                                    step("Pulumi", (report) => preparePulumi(report)),
                                ]),
                        },
                        {
                            title: "Images",
                            task: (_context, images) =>
                                images.newListr(
                                    imageKinds.map((kind) =>
                                        step(`Image: ${kind}`, async (report) => {
                                            built.push(await buildImage(kind, report));
                                        }),
                                    ),
                                ),
                        },
                    ],
                    { concurrent: true },
                ),
        },
        step("Cluster", async (report) => {
            clusterStarted = await startCluster(report);
        }),
        step("Images into the cluster", async (report) => {
            for (const { name, archive } of built) imageIds.set(name, await importImage(archive, report));
        }),
    ]);
    return { images: imageIds, clusterStarted };
}
