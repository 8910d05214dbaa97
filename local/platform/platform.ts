import { Listr, PRESET_TIMER, type ListrTask } from "listr2";
import { setTimeout as delay } from "node:timers/promises";
import { importImage, startCluster } from "../cluster/cluster";
import { buildImage } from "../artifacts/images/image";
import { chooseBase } from "../artifacts/images/pulled";
import { preparePulumi } from "../stack/pulumi/prepare";
import { waitForUpdates } from "../stack/updates";
import type { Tools } from "../artifacts/released/tools";
import { timed } from "./times";
import { buildTool } from "../artifacts/toolchain/build";

/** What commands can be told. Each takes some. */
export interface Options {
    /** `--tools=released|built` */
    readonly tools?: Tools;
    /** `--nodes 3` */
    readonly nodes?: number;
}

/** What was brought up. */
export interface Platform {
    /** IDs of the images by name. A name stays the same when the image changes; pods that run know the ID. */
    readonly images: ReadonlyMap<string, string>;
}

/** Where lines stay, in a log, a step's progress is worth one now and then. */
const pauseBetweenLines = process.stdout.isTTY ? 0 : 20_000;

/** A step that others may wait for. */
interface Step {
    readonly task: ListrTask;
    readonly done: Promise<void>;
    readonly isUnderWay: () => boolean;
}

/** A step whose own lines of progress are shown under its title. It begins when those that it needs are done. */
function step(
    title: string,
    work: (report: (line: string) => void) => Promise<unknown>,
    needs: readonly Step[] = [],
): Step {
    let isUnderWay = false;
    let begin!: (report: (line: string) => void) => void;
    const begun = new Promise<(line: string) => void>((resolve) => (begin = resolve));
    const done = begun.then(async (report) => {
        try {
            await Promise.all(needs.map((need) => need.done));
            isUnderWay = true;
            await timed(title, () => work(report));
        } finally {
            isUnderWay = false;
        }
    });
    // Whoever waits for it sees it fail; so does the list, where nobody waits.
    done.catch(() => undefined);
    const task: ListrTask["task"] = (_, listed) => {
        let last = 0;
        begin((line) => {
            if (Date.now() - last < pauseBetweenLines) return;
            last = Date.now();
            listed.output = `${title}: ${line}`;
        });
        return done;
    };
    return { task: { title, task }, done, isUnderWay: () => isUnderWay };
}

/** Runs steps with their elapsed time shown; in a terminal as a live list, elsewhere as plain lines. */
export async function runSteps(steps: ListrTask[], { concurrent = false } = {}): Promise<void> {
    await new Listr(steps, {
        concurrent,
        rendererOptions: { timer: PRESET_TIMER, collapseSubtasks: false },
        fallbackRendererOptions: { timer: PRESET_TIMER },
    }).run();
}

/** Steps under a title: one after the other, or beside each other. */
function group(title: string, steps: readonly Step[], { concurrent = false } = {}): ListrTask {
    // Said here, or the list would do as the one that it is in.
    return {
        title,
        task: (_, list) =>
            list.newListr(
                steps.map(({ task }) => task),
                { concurrent },
            ),
    };
}

/**
 * Brings up everything that a stack of this project needs on a machine that has nothing: the tools, the images, a
 * Kubernetes and the Pulumi CLI. What is already there is left as it is. At its end it says what was taken of what
 * can be fetched or built.
 */
export async function bringUpPlatform({ tools, nodes }: Options = {}): Promise<Platform> {
    const taken: string[] = [];
    const wish = { tools, say: (line: string) => taken.push(line) };
    const built: { name: string; archive: string }[] = [];
    const imageIds = new Map<string, string>();

    const kubernetes = step("Kubernetes", (report) => buildTool("kubernetes", report));
    const pulumi = step("Pulumi", (report) => preparePulumi(wish, report));
    const [sandbox, broker, engine] = (["sandbox", "broker", "engine"] as const).map((kind) =>
        step(`Image: ${kind}`, async (report) => {
            const base = kind === "sandbox" ? undefined : await chooseBase(kind, wish, report);
            built.push(await buildImage(kind, report, base));
        }),
    );
    const cluster = step("Cluster", (report) => startCluster(report, waitForUpdates, nodes), [kubernetes, sandbox]);
    const imports = step(
        "Images into the cluster",
        async (report) => {
            for (const { name, archive } of built) imageIds.set(name, await importImage(archive, report));
        },
        [broker, engine, cluster],
    );
    const steps = [kubernetes, pulumi, sandbox, broker, engine, cluster, imports];
    // Images wait for the network, the cluster for both Kubernetes and images, and Pulumi, whose builds give way, for nobody.
    await runSteps(
        [
            group("Tools", [kubernetes, pulumi], { concurrent: true }),
            group("Images", [sandbox, broker, engine], { concurrent: true }),
            group("Cluster and its images", [cluster, imports]),
        ],
        { concurrent: true },
    ).catch(async (error: unknown) => {
        console.log("Waiting for the steps that are under way …");
        // The list has given up on them; their work goes on, and holds on to what the next start needs.
        while (steps.some(({ isUnderWay }) => isUnderWay())) await delay(200);
        throw error;
    });
    for (const line of taken) console.log(line);
    return { images: imageIds };
}

/** Makes ready what a stack on another cluster needs here: Pulumi. It says what was taken. */
export async function bringUpPulumi(tools?: Tools): Promise<void> {
    const taken: string[] = [];
    const wish = { tools, say: (line: string) => taken.push(line) };
    await runSteps([step("Pulumi", (report) => preparePulumi(wish, report)).task]);
    for (const line of taken) console.log(line);
}
