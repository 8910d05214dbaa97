import { clusterIsUpSoon, stopCluster } from "../cluster/cluster";
import { takeLock } from "../machine/lock";
import { bringUpPlatform } from "../platform/platform";
import { checkSystem, preflight } from "../platform/preflight/preflight";
import { readOptions } from "./command";
import type { Options } from "../platform/platform";
import { toolsUsage } from "../artifacts/released/tools";
import { runInTurn, runTogether, type Totals } from "../../test/running/suite";
import * as suites from "../../test/running/suites";
import { waitForUpdates } from "../stack/updates";

const usage = `npm test                 everything that proves the project, on this machine's local cluster
npm run test:unit        types, lint, form and unit tests: no cluster, no root

npm test -- --tools=released|built

${toolsUsage}`;

async function runClusterSuites({ tools }: Options): Promise<Totals[]> {
    checkSystem();
    takeLock();
    await preflight((line) => console.log(line), { tools });
    console.log("\n=== Platform");
    const wasUp = await clusterIsUpSoon();
    try {
        await bringUpPlatform({ tools });
        return await runInTurn([...suites.process, ...suites.deployed]);
    } finally {
        if (!wasUp) {
            console.log("\nStopping the cluster");
            await stopCluster((line) => console.log(line), waitForUpdates);
        }
    }
}

async function main(args: readonly string[]): Promise<void> {
    const isUnit = args[0] === "--unit";
    let options: Options;
    try {
        options = readOptions(isUnit ? args.slice(1) : args, ["tools"]);
    } catch (error) {
        if (args[0] === "--help") {
            console.log(usage);
            process.exit(0);
        }
        console.error(`${(error as Error).message}\n\n${usage}`);
        process.exit(2);
    }
    const totals = await runTogether(suites.unit);
    if (!isUnit) {
        try {
            totals.push(...(await runClusterSuites(options)), ...(await runTogether(suites.machine)));
        } catch (error) {
            console.error(error instanceof Error ? error.message : error);
            totals.push({ passed: 0, failed: 1, skipped: 0 });
        }
    }
    const sum = (key: keyof Totals) => totals.reduce((total, suiteTotals) => total + suiteTotals[key], 0);
    const skipped = sum("skipped");
    process.exitCode = sum("failed") > 0 || sum("passed") === 0 ? 1 : 0;
    console.log(`\n${sum("passed")} passed, ${sum("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
}

void main(process.argv.slice(2));
