import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stopCluster } from "./cluster/cluster";
import { takeLock } from "./lock";
import { projectDirectory } from "./paths";
import { bringUpPlatform, runSteps } from "./platform";
import { checkSystem, preflight } from "./preflight/preflight";

const usage = `npm test                 everything that proves the project, on this machine's local cluster
npm run test:unit        types, lint, form and unit tests: no cluster, no root`;

interface Totals {
    readonly passed: number;
    readonly failed: number;
    readonly skipped: number;
}

/** A suite that hangs is ended after this long, and has failed. */
const suiteMinutes = 30;

const heading = (title: string) => console.log(`\n=== ${title}`);

/** A check that passes or fails as a whole, by its exit code. */
function check(title: string, program: string, ...args: string[]): Totals {
    heading(title);
    const { status } = spawnSync(program, args, { cwd: projectDirectory, stdio: "inherit" });
    console.log(status === 0 ? "  ✔ passed" : `  ✘ failed: ${[program, ...args].join(" ")}`);
    return status === 0 ? { passed: 1, failed: 0, skipped: 0 } : { passed: 0, failed: 1, skipped: 0 };
}

/** A mocha run in a process of its own: mocks and timeouts of one suite never reach another. */
function suite(title: string, ...mochaArguments: string[]): Totals {
    heading(title);
    const directory = mkdtempSync(join(tmpdir(), "document-sync-test-"));
    const totals = join(directory, "totals");
    try {
        const { status } = spawnSync("mocha", ["--reporter", "./local/testReporter.ts", ...mochaArguments], {
            cwd: projectDirectory,
            stdio: ["ignore", "inherit", "inherit"],
            timeout: suiteMinutes * 60_000,
            // Pulumi then throws on an output in a string, where it would print advice.
            env: { ...process.env, PULUMI_ERROR_OUTPUT_STRING: "1", TEST_TOTALS: totals },
        });
        const result = JSON.parse(readFileSync(totals, "utf8")) as Totals;
        // mocha can also fail for what is no test, such as a process that would not end; and a suite that ran none proves nothing.
        const hasFailed = status !== 0 || result.passed === 0;
        return hasFailed && result.failed === 0 ? { ...result, failed: 1 } : result;
    } catch (error) {
        console.log(`  ✘ the suite did not come to its end: ${String(error)}`);
        return { passed: 0, failed: 1, skipped: 0 };
    } finally {
        rmSync(directory, { recursive: true, force: true });
    }
}

function quickSuites(): Totals[] {
    return [
        check("Types of the program, scenario and platform", "tsc", "--noEmit", "--project", "."),
        check("Types of the engine", "tsc", "--noEmit", "--project", "engine"),
        check("Lint", "eslint", "."),
        check("Form", "prettier", "--check", "--log-level", "warn", "."),
        suite("Program and scenario, under mocks", "test/**/*.spec.ts"),
    ];
}

async function clusterSuites(): Promise<Totals[]> {
    checkSystem();
    takeLock();
    await preflight((line) => console.log(line));
    heading("Platform");
    const platform = await bringUpPlatform();
    try {
        return [
            suite("Local platform", "local/{cluster,images,toolchain,plugins,preflight}/test/**/*.spec.ts"),
            suite("Engine", "engine/test/**/*.spec.ts"),
            suite("Deployed", "--bail", "local/test/**/*.spec.ts"),
        ];
    } finally {
        if (platform.clusterStarted)
            await runSteps([{ title: "Stopping the cluster", task: () => stopCluster(() => {}) }]);
    }
}

async function main(args: readonly string[]): Promise<void> {
    const [option] = args;
    if (option !== undefined && option !== "--unit") {
        console.log(usage);
        process.exit(option === "--help" ? 0 : 2);
    }
    const totals = quickSuites();
    if (option !== "--unit") {
        try {
            totals.push(...(await clusterSuites()));
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
