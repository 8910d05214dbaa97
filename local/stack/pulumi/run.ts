import { spawnSync, type StdioOptions } from "node:child_process";
import { mkdirSync, realpathSync } from "node:fs";
import { delimiter, dirname } from "node:path";
import { machine, projectDirectory } from "../../machine/paths";
import { kubeconfigList } from "./kubeconfig";
import { Passphrases, readStackCommand } from "./passphrases";
import { readPrepared } from "./prepare";

const passphrases = new Passphrases();

/** The Pulumi CLI that was prepared, and the environment that it runs in, with a stack's passphrase. */
function pulumiCommand(passphraseFile: string): { program: string; environment: NodeJS.ProcessEnv } {
    const { program, languageHost, hasReleasedPlugins } = readPrepared();
    const environment: NodeJS.ProcessEnv = {
        ...process.env,
        KUBECONFIG: kubeconfigList(),
        // Without files of attributes beside its own: of one that a killed Pulumi has left empty, it can read nothing more.
        PULUMI_BACKEND_URL: `file://${machine.pulumi.backend}?metadata=skip`,
        PULUMI_CONFIG_PASSPHRASE_FILE: passphraseFile,
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

/**
 * Runs the Pulumi CLI for this folder's project.
 *
 * @param selected the stack that the command is for if it names none.
 * @returns its exit code.
 * @throws if a stack without a name is to be made.
 */
export function runPulumi(args: readonly string[], stdio: StdioOptions = "inherit", selected?: string): number {
    const { name, does, to } = readStackCommand(args);
    const makes = does === "make" || does === "makeIfMissing";
    if (makes && name === undefined) {
        throw new Error(`pulumi ${args.join(" ")} names no stack: add its name, for which a passphrase is made`);
    }
    const made = makes && name !== undefined ? passphrases.make(name) : undefined;
    const stack = name ?? selected;
    const { program, environment } = pulumiCommand(made?.file ?? passphrases.fileOf(stack));
    const { status, error } = spawnSync(program, args, { cwd: projectDirectory, env: environment, stdio });
    if (made && name !== undefined) {
        // A stack that there was has another passphrase, and Pulumi writes no salt for it.
        const isMade = status === 0 && (does === "make" || passphrases.hasSalt(name));
        if (isMade) made.keep();
        else made.drop();
    }
    if (status === 0 && does === "rename" && stack !== undefined && to !== undefined) passphrases.rename(stack, to);
    if (error) throw error;
    return status ?? 1;
}

/** The stack that is selected for this folder; undefined if none is. */
export function selectedStack(): string | undefined {
    const { program, environment } = pulumiCommand(passphrases.fileOf(undefined));
    const { status, stdout } = spawnSync(program, ["stack", "--show-name", "--non-interactive"], {
        cwd: projectDirectory,
        env: environment,
        encoding: "utf8",
        stdio: ["ignore", "pipe", "ignore"],
    });
    return status === 0 ? stdout.trim() : undefined;
}

/** What the Pulumi CLI prints. @throws if it fails; its own message goes to standard error. */
export function readPulumi(args: readonly string[]): string {
    const { program, environment } = pulumiCommand(passphrases.fileOf(readStackCommand(args).name));
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
