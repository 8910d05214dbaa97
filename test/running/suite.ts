import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { projectDirectory } from "../../local/machine/paths";

/** How many tests of a part of the project ended how. */
export interface Totals {
    readonly passed: number;
    readonly failed: number;
    readonly skipped: number;
}

/** A part of the proof. It prints as it goes, or is silent until its end if it is `quiet`. */
export interface Suite {
    readonly title: string;
    readonly run: (quiet: boolean) => Promise<{ totals: Totals; output: string }>;
}

/** What hangs is ended after this long, with all that it started, and has failed. */
const minutes = 45;

const children = new Set<number>();

function endChild(pid: number): void {
    try {
        // The whole group: a command that hangs mostly waits for one of its own.
        process.kill(-pid, "SIGKILL");
    } catch (error) {
        if ((error as NodeJS.ErrnoException).code !== "ESRCH") throw error;
    }
}

for (const [signal, exitCode] of [
    ["SIGINT", 130],
    ["SIGTERM", 143],
] as const) {
    process.on(signal, () => {
        children.forEach(endChild);
        process.exit(exitCode);
    });
}

interface Ended {
    readonly exitCode: number | null;
    readonly output: string;
}

async function execute(
    quiet: boolean,
    program: string,
    args: readonly string[],
    env: NodeJS.ProcessEnv = {},
): Promise<Ended> {
    const child = spawn(program, args, {
        cwd: projectDirectory,
        stdio: ["ignore", quiet ? "pipe" : "inherit", quiet ? "pipe" : "inherit"],
        env: { ...process.env, ...env },
        detached: true,
    });
    let output = "";
    for (const stream of [child.stdout, child.stderr])
        stream?.setEncoding("utf8").on("data", (text: string) => (output += text));
    await once(child, "spawn");
    const pid = child.pid!;
    children.add(pid);
    const timer = setTimeout(() => endChild(pid), minutes * 60_000);
    const [exitCode] = (await once(child, "close")) as [number | null];
    clearTimeout(timer);
    children.delete(pid);
    return { exitCode, output };
}

/** A command that passes or fails as a whole, by its exit code. */
export function check(title: string, program: string, ...args: string[]): Suite {
    return {
        title,
        async run(quiet) {
            const { exitCode, output } = await execute(quiet, program, args);
            const hasPassed = exitCode === 0;
            const verdict = hasPassed ? "  ✔ passed" : `  ✘ failed: ${[program, ...args].join(" ")}`;
            return {
                totals: { passed: Number(hasPassed), failed: Number(!hasPassed), skipped: 0 },
                output: `${output}${verdict}`,
            };
        },
    };
}

/** A mocha run in a process of its own: mocks and timeouts of one suite never reach another. */
export function mocha(title: string, ...args: string[]): Suite {
    return {
        title,
        async run(quiet) {
            const directory = mkdtempSync(join(tmpdir(), "document-sync-test-"));
            const file = join(directory, "totals");
            try {
                const { exitCode, output } = await execute(
                    quiet,
                    "mocha",
                    ["--reporter", "./test/running/testReporter.ts", ...args],
                    // Pulumi then throws on an output in a string, where it would print advice.
                    { PULUMI_ERROR_OUTPUT_STRING: "1", TEST_TOTALS: file },
                );
                return { totals: judge(exitCode, file), output };
            } finally {
                rmSync(directory, { recursive: true, force: true });
            }
        },
    };
}

function judge(exitCode: number | null, file: string): Totals {
    let totals: Totals;
    try {
        totals = JSON.parse(readFileSync(file, "utf8")) as Totals;
    } catch {
        console.log(`  ✘ the suite did not come to its end (exit code ${exitCode})`);
        return { passed: 0, failed: 1, skipped: 0 };
    }
    // mocha can also fail for what is no test, such as a process that would not end; and a suite that ran none proves nothing.
    const hasFailed = exitCode !== 0 || totals.passed === 0;
    return hasFailed && totals.failed === 0 ? { ...totals, failed: 1 } : totals;
}

/** Runs suites, some at a time, those that take longest to be given first. Each says that it starts, and prints when it has ended. */
export async function runTogether(suites: readonly Suite[], atATime: number): Promise<Totals[]> {
    const totals: Totals[] = [];
    const waiting = [...suites];
    const quiet = suites.length > 1;
    const work = async () => {
        for (let suite = waiting.shift(); suite; suite = waiting.shift()) {
            console.log(`… ${suite.title}`);
            const result = await suite.run(quiet);
            console.log(`\n=== ${suite.title}\n${result.output.trim()}`);
            totals.push(result.totals);
        }
    };
    await Promise.all(Array.from({ length: atATime }, work));
    return totals;
}
