import { waitForUpdates } from "../../../local/stack/updates";
import { importImage, parseNodes, startCluster, stopCluster } from "../../../local/cluster/cluster";
import { buildImage } from "../../../local/artifacts/images/image";
import { takeLock } from "../../../local/machine/lock";

/**
 * What npm start and npm stop do about the cluster and no more, in a machine of the tests' own: `command.ts start [NODES]`, `command.ts
 * stop`. The pods of tests run the engine's image, for its Node.js. The last line is how many seconds the cluster took.
 */
async function main([action, nodes]: readonly string[]): Promise<void> {
    takeLock();
    const report = (line: string) => console.log(line);
    const began = Date.now();
    if (action === "stop") await stopCluster(report, waitForUpdates);
    else await startCluster(report, waitForUpdates, nodes === undefined ? undefined : parseNodes(nodes));
    const seconds = (Date.now() - began) / 1000;
    if (action === "start") {
        const { archive } = await buildImage("engine", report);
        await importImage(archive, report);
    }
    console.log(seconds.toFixed(1));
}

main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
});
