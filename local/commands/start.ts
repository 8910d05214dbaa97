import { spawnSync } from "node:child_process";
import { runCommand } from "./command";
import { readKubectl } from "../cluster/cluster";
import { prepareDocuments } from "../stack/documents";
import { takeLock } from "../machine/lock";
import { projectDirectory } from "../machine/paths";
import { bringUpPlatform, bringUpPulumi, type Options, type Platform } from "../platform/platform";
import { checkSystem, preflight } from "../platform/preflight/preflight";
import { otherContext } from "../stack/pulumi/context";
import { toolsUsage } from "../artifacts/released/tools";
import { bringUpStack, type Outputs } from "../stack/stacks";
import { timed, timeTable } from "../platform/times";

const usage = `npm start [-- --nodes N] [--tools=released|built]

Brings up everything for the dev stack on this machine: the tools and images (built once), a Kubernetes, the stack itself (pulumi up),
and runs the scenario against it. Again, it changes only what has changed.
npm stop takes it down again; the documents stay.
A kubernetes:context in Pulumi.dev.yaml that is not the local cluster's brings the stack up there, with your own kubeconfig.

--nodes N           the cluster's nodes, 1 to 9. Without it: as many as the last time, at first one. Another number starts the cluster
                    anew; documents and volumes stay
${toolsUsage}`;

/** Whether a pod runs an image that had its name once, and now another has. */
async function hasOldImages({ namespace }: Outputs, { images }: Platform): Promise<boolean> {
    const running = ["--field-selector", "status.phase=Running"];
    const listed = await readKubectl(["get", "pods", "--namespace", namespace, ...running, "--output", "json"]);
    const { items } = JSON.parse(listed) as {
        items: { status: { containerStatuses?: { image: string; imageID: string }[] } }[];
    };
    return items
        .flatMap(({ status }) => status.containerStatuses ?? [])
        .some(({ image, imageID }) => images.has(image) && images.get(image) !== imageID);
}

async function renewPods({ namespace }: Outputs): Promise<void> {
    for (const kind of ["statefulset", "deployment"]) {
        const listed = await readKubectl(["get", kind, "--namespace", namespace, "--output", "name"]);
        for (const name of listed.split("\n").filter(Boolean)) {
            await readKubectl(["rollout", "restart", name, "--namespace", namespace]);
            await readKubectl(["rollout", "status", name, "--namespace", namespace, "--timeout=5m"]);
        }
    }
}

/** @returns whether it passed. */
function runScenario({ engine1Url, engine2Url }: Outputs): boolean {
    const { status } = spawnSync("npm", ["run", "--silent", "scenario"], {
        cwd: projectDirectory,
        stdio: ["ignore", "inherit", "inherit"],
        env: { ...process.env, ENGINE1: engine1Url, ENGINE2: engine2Url },
    });
    return status === 0;
}

/** The stack on this machine's own cluster. */
async function startHere({ tools, nodes }: Options): Promise<Outputs> {
    checkSystem();
    takeLock();
    console.log("Cluster: this machine's own");
    await preflight((line) => console.log(line), { tools, nodes });
    const platform = await bringUpPlatform({ tools, nodes });
    prepareDocuments("dev");
    const outputs = await timed("Stack", () => bringUpStack("dev"));
    if (await hasOldImages(outputs, platform)) await timed("Pods with new images", () => renewPods(outputs));
    return outputs;
}

/** The stack on a cluster of the user's own, with images that this one pulls. */
async function startElsewhere(context: string, { tools }: Options): Promise<Outputs> {
    takeLock();
    console.log(`Cluster: ${context}, of your own kubeconfig`);
    await preflight((line) => console.log(line), { tools, isElsewhere: true });
    await bringUpPulumi(tools);
    return timed("Stack", () => bringUpStack("dev"));
}

async function start(options: Options): Promise<void> {
    const context = otherContext("dev");
    const outputs = await (context === undefined ? startHere(options) : startElsewhere(context, options));
    const passed = await timed("Scenario", () => runScenario(outputs));
    console.log(timeTable());
    console.log(passed ? "The scenario passed." : "The scenario failed.");
    console.log(`engine 1: ${outputs.engine1Url}\nengine 2: ${outputs.engine2Url}`);
    process.exitCode = passed ? 0 : 1;
}

runCommand(usage, start, ["tools", "nodes"]);
