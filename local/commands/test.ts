import { availableParallelism } from "node:os";
import { runTogether, type Suite, type Totals } from "../../test/running/suite";
import * as suites from "../../test/running/suites";
import { toolsUsage } from "../artifacts/released/tools";
import { clusterIsUpSoon, stopCluster } from "../cluster/cluster";
import { prepareGluster } from "../cluster/storage/gluster";
import { takeLock } from "../machine/lock";
import { debianPackages, installPackages } from "../machine/packages";
import { bringUpPlatform, type Options } from "../platform/platform";
import { checkSystem, preflight } from "../platform/preflight/preflight";
import { waitForUpdates } from "../stack/updates";
import { readOptions } from "./command";

const usage = `npm test                 everything that proves the project, on this machine's local cluster

npm run test:unit        types, lint, form, units and the repository: no cluster, no root
npm run test:process     programs of the platform and of the engine, each by itself
npm run test:deployed    the program, on this machine's local cluster
npm run test:machine     the local platform, on machines of the tests' own

npm test -- --tools=released|built

${toolsUsage}`;

const tiers = ["unit", "process", "deployed", "machine"] as const;

type Tier = (typeof tiers)[number];

/** Brings up what the tests run on, and takes it down again if it was not up. */
async function withPlatform({ tools }: Options, work: () => Promise<Totals[]>): Promise<Totals[]> {
    checkSystem();
    takeLock();
    await preflight((line) => console.log(line), { tools });
    console.log("\n=== Platform");
    const wasUp = await clusterIsUpSoon();
    try {
        await bringUpPlatform({ tools });
        return await work();
    } finally {
        if (!wasUp) {
            console.log("\nStopping the cluster");
            await stopCluster((line) => console.log(line), waitForUpdates);
        }
    }
}

/** Of the lowest tier all processors run one each, and so do those on machines of their own, which wait much. */
async function runTiers(wanted: readonly Tier[], options: Options): Promise<Totals[]> {
    const of = (tier: Tier): readonly Suite[] => (wanted.includes(tier) ? suites[tier] : []);
    const processors = availableParallelism();
    const totals = await runTogether(of("unit"), processors);
    if (!wanted.some((tier) => tier !== "unit")) return totals;
    const onCluster = async () => {
        const report = (line: string) => console.log(line);
        // First, as what GlusterFS needs beside it depends on what is installed. The tests' own machines reach no network.
        await installPackages(debianPackages.tests, report);
        if (wanted.includes("machine")) await prepareGluster(report);
        return runTogether([...of("process"), ...of("deployed")], 1);
    };
    // The machines' own clusters do not wait for this one's processors.
    return [...totals, ...(await withPlatform(options, onCluster)), ...(await runTogether(of("machine"), processors))];
}

async function main(args: readonly string[]): Promise<void> {
    if (args.includes("--help")) {
        console.log(usage);
        return;
    }
    const tier = tiers.find((name) => name === args[0]);
    let options: Options;
    try {
        options = readOptions(tier ? args.slice(1) : args, ["tools"]);
    } catch (error) {
        console.error(`${(error as Error).message}\n\n${usage}`);
        process.exitCode = 2;
        return;
    }
    const totals: Totals[] = [];
    try {
        totals.push(...(await runTiers(tier ? [tier] : tiers, options)));
    } catch (error) {
        console.error(error instanceof Error ? error.message : error);
        totals.push({ passed: 0, failed: 1, skipped: 0 });
    }
    const sum = (key: keyof Totals) => totals.reduce((total, suiteTotals) => total + suiteTotals[key], 0);
    const skipped = sum("skipped");
    process.exitCode = sum("failed") > 0 || sum("passed") === 0 ? 1 : 0;
    console.log(`\n${sum("passed")} passed, ${sum("failed")} failed${skipped > 0 ? `, ${skipped} skipped` : ""}`);
}

void main(process.argv.slice(2));
