import { clusterIsUpSoon, stopCluster } from "./cluster/cluster";
import { takeLock } from "./lock";
import { bringUpPlatform } from "./platform";
import { checkSystem, preflight } from "./preflight/preflight";
import { readOptions, type Options } from "./command";
import { toolsUsage } from "./released/tools";
import { check, mocha, runInTurn, runTogether, type Totals } from "./testing/suite";

const usage = `npm test                 everything that proves the project, on this machine's local cluster
npm run test:unit        types, lint, form and unit tests: no cluster, no root

npm test -- --tools=released|built

${toolsUsage}`;

const prettierCache = ["--cache", "--cache-strategy", "content", "--cache-location", ".local/prettier"];

/** With room for what is soon thrown away: collecting it took a fifth of the time. */
const typesAndLint = ["--max-semi-space-size=64", "--import", "tsx", "local/testing/typesAndLint.ts"];

/** The one that takes longest first. */
const quickSuites = [
    check("Types and lint of the program, scenario and platform", "node", ...typesAndLint, "tsconfig.json"),
    check("Types and lint of the engine", "node", ...typesAndLint, "engine/tsconfig.json"),
    // Remembers which files had their form, by their content.
    check("Form", "prettier", "--check", "--log-level", "warn", ...prettierCache, "."),
    mocha("Program and scenario, under mocks", "test/**/*.spec.ts"),
];

const clusterSuites = [
    mocha(
        "Local platform",
        "local/{cluster,images,node,toolchain,plugins,preflight,released,storage}/test/**/*.spec.ts",
    ),
    mocha("Engine", "engine/test/**/*.spec.ts"),
    mocha("Deployed", "--bail", "local/test/**/*.spec.ts"),
];

/** On machines of the tests' own, so that they need no cluster here and disturb none. */
const lifecycleSuites = [
    mocha("Several nodes", "local/lifecycle/@(nodes|policies|neighbour|loss|replicated).spec.ts"),
    mocha("Started, stopped and killed", "local/lifecycle/!(nodes|policies|neighbour|loss|replicated).spec.ts"),
];

async function runClusterSuites({ tools }: Options): Promise<Totals[]> {
    checkSystem();
    takeLock();
    await preflight((line) => console.log(line), { tools });
    console.log("\n=== Platform");
    const wasUp = await clusterIsUpSoon();
    try {
        await bringUpPlatform({ tools });
        return await runInTurn(clusterSuites);
    } finally {
        if (!wasUp) {
            console.log("\nStopping the cluster");
            await stopCluster((line) => console.log(line));
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
    const totals = await runTogether(quickSuites);
    if (!isUnit) {
        try {
            totals.push(...(await runClusterSuites(options)), ...(await runInTurn(lifecycleSuites)));
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
