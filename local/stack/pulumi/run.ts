import { spawnSync, type StdioOptions } from "node:child_process";
import { mkdirSync, realpathSync } from "node:fs";
import { delimiter, dirname } from "node:path";
import { machine, projectDirectory } from "../../machine/paths";
import { kubeconfigList } from "./kubeconfig";
import { readPrepared } from "./prepare";

/** The Pulumi CLI that was prepared, and the environment that it runs in. */
function pulumiCommand(): { program: string; environment: NodeJS.ProcessEnv } {
    const { program, languageHost, hasReleasedPlugins } = readPrepared();
    const environment: NodeJS.ProcessEnv = {
        ...process.env,
        KUBECONFIG: kubeconfigList(),
        PULUMI_BACKEND_URL: `file://${machine.pulumi.backend}`,
        PULUMI_CONFIG_PASSPHRASE_FILE: machine.pulumi.passphraseFile,
        PULUMI_HOME: machine.pulumi.home,
        // Types are checked by npm run test:unit, not again at each command.
        PULUMI_NODEJS_TRANSPILE_ONLY: "true",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        TMPDIR: machine.pulumi.temporary,
    };
    mkdirSync(machine.pulumi.temporary, { recursive: true, mode: 0o700 });
    // It would win over the file.
    delete environment.PULUMI_CONFIG_PASSPHRASE;
    // Where those two could not be fetched, others can't be either: better one sentence than a minute's wait.
    if (!hasReleasedPlugins) environment.PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION = "true";
    // Beside the CLI it looks first for its language host, and then needs no plugin of somebody else's from PATH.
    if (dirname(realpathSync(program)) === dirname(languageHost)) environment.PULUMI_IGNORE_AMBIENT_PLUGINS = "true";
    else environment.PATH = `${dirname(languageHost)}${delimiter}${process.env.PATH}`;
    return { program, environment };
}

/** Runs the Pulumi CLI for this folder's project. @returns its exit code. */
export function runPulumi(args: readonly string[], stdio: StdioOptions = "inherit"): number {
    const { program, environment } = pulumiCommand();
    const { status, error } = spawnSync(program, args, { cwd: projectDirectory, env: environment, stdio });
    if (error) throw error;
    return status ?? 1;
}

/** What the Pulumi CLI prints. @throws if it fails; its own message goes to standard error. */
export function readPulumi(args: readonly string[]): string {
    const { program, environment } = pulumiCommand();
    const { status, stdout, error } = spawnSync(program, args, {
        cwd: projectDirectory,
        env: environment,
        encoding: "utf8",
        // A stack's export passes Node's default of 1 MB with long rules in it.
        maxBuffer: Infinity,
        stdio: ["ignore", "pipe", "inherit"],
    });
    if (error) throw error;
    if (status !== 0) throw new Error(`pulumi ${args.join(" ")} failed; its own message is above`);
    return stdout;
}
