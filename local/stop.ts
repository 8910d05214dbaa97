import { clusterIsUpSoon, stopCluster, versionConflict } from "./cluster/cluster";
import { runCommand } from "./command";
import { takeLock } from "./lock";
import { machine } from "./paths";
import { runSteps } from "./platform";
import { checkSystem } from "./preflight/preflight";
import { preparePulumi } from "./pulumi";
import { destroyStack } from "./stacks";

const usage = `npm stop

Destroys the dev stack and stops the local cluster. The documents stay, in ${machine.documents}.
Other stacks on the cluster are not destroyed: they are there again after npm start.`;

async function stop(): Promise<void> {
    checkSystem();
    takeLock();
    const conflict = await versionConflict(machine.cluster);
    if (conflict) throw new Error(conflict);
    if (await clusterIsUpSoon()) {
        // It may be built anew here, if the cache was emptied: nothing else knows how to take the stack down.
        await preparePulumi((line) => console.log(line));
        await destroyStack("dev");
    } else console.log("The cluster is not up, so the dev stack is left as it was; what a crash left is cleared away.");
    let notes: string[] = [];
    await runSteps([
        {
            title: "Stopping the cluster",
            task: async (_, task) => {
                notes = await stopCluster((line) => (task.output = line));
            },
        },
    ]);
    for (const note of notes) console.log(`Note: ${note}.`);
}

runCommand(usage, stop);
