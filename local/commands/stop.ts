import { existsSync } from "node:fs";
import { clusterIsUpSoon, stopCluster, versionConflict } from "../cluster/cluster";
import { runCommand } from "./command";
import { takeLock } from "../machine/lock";
import { machine } from "../machine/paths";
import { runSteps } from "../platform/platform";
import { checkSystem } from "../platform/preflight/preflight";
import { otherContext } from "../stack/pulumi/context";
import { preparePulumi } from "../stack/pulumi/prepare";
import { destroyStack } from "../stack/stacks";
import { waitForUpdates } from "../stack/updates";

const usage = `npm stop

Destroys the dev stack and stops the local cluster. The documents stay, in ${machine.documents}.
Other stacks on the cluster are not destroyed: they are there again after npm start.`;

async function destroy(): Promise<void> {
    // It may be fetched or built anew here, if the cache was emptied: nothing else knows how to take the stack down.
    await preparePulumi({ say: () => undefined }, (line) => console.log(line));
    await destroyStack("dev");
}

async function stop(): Promise<void> {
    const context = otherContext("dev");
    if (context === undefined) checkSystem();
    takeLock();
    const conflict = await versionConflict(machine.cluster);
    if (conflict && context === undefined) throw new Error(conflict);
    if (context !== undefined) {
        console.log(`Cluster of the dev stack: ${context}, of your own kubeconfig`);
        await destroy();
        // The local one was never brought up.
        if (!existsSync(machine.cluster) || conflict) return;
    } else if (await clusterIsUpSoon()) await destroy();
    else console.log("The cluster is not up, so the dev stack is left as it was; what a crash left is cleared away.");
    await runSteps([
        {
            title: "Stopping the cluster",
            task: async (_, task) => {
                await stopCluster((line) => (task.output = line), waitForUpdates);
            },
        },
    ]);
}

runCommand(usage, stop);
