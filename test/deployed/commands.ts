import { spawn } from "node:child_process";
import { once } from "node:events";
import { projectDirectory } from "../../local/machine/paths";

/** How a command of the project ended and what it said. */
export interface Result {
    readonly exitCode: number | null;
    readonly stdout: string;
    /** Standard output and standard error as they came. */
    readonly output: string;
}

/** Runs one of the project's own commands, as a user would type it: `npm run -s <script> -- <args>`. */
export async function npmRun(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<Result> {
    const child = spawn("npm", ["run", "--silent", script, "--", ...args], {
        cwd: projectDirectory,
        stdio: ["ignore", "pipe", "pipe"],
        env: { ...process.env, ...env },
    });
    let stdout = "";
    let output = "";
    child.stdout.setEncoding("utf8").on("data", (text: string) => {
        stdout += text;
        output += text;
    });
    child.stderr.setEncoding("utf8").on("data", (text: string) => (output += text));
    const [exitCode] = (await once(child, "close")) as [number | null];
    return { exitCode, stdout, output };
}

/** Like {@link npmRun}, and throws what the command said unless it exits with 0. Returns its standard output. */
export async function mustRun(script: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<string> {
    const result = await npmRun(script, args, env);
    if (result.exitCode !== 0) {
        throw new Error(`npm run ${script} -- ${args.join(" ")}: exit code ${result.exitCode}\n${result.output}`);
    }
    return result.stdout;
}
