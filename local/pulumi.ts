import { version as kubernetesVersion } from "@pulumi/kubernetes/package.json";
import { version as randomVersion } from "@pulumi/random/package.json";
import { spawnSync, type StdioOptions } from "node:child_process";
import { existsSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, statSync, writeFileSync } from "node:fs";
import { copyFile, rename } from "node:fs/promises";
import { basename, delimiter, dirname, join } from "node:path";
import { machine, projectDirectory } from "./paths";
import { installPlugins } from "./plugins/install";
import { CommandFailed, run } from "./run";
import { buildTool } from "./toolchain/build";

/** For the stacks on this machine's own cluster; the README tells everybody. */
const passphrase = "document-sync-development";

/** The Pulumi CLI that is used here, with what belongs to it. */
interface Prepared {
    readonly program: string;
    readonly home: string;
    /** Whether it was built here, as its plugins and its language host were. */
    readonly built: boolean;
    /** A `pulumi` on PATH whose plugins could not be fetched: it is not tried again. */
    readonly refused?: string;
}

/** Whether this is a version that fits @pulumi/pulumi here, as `pulumi version` prints it. */
export function isUsableVersion(version: string): boolean {
    const [major, minor] = version.replace(/^v/, "").split(".").map(Number);
    return major === 3 && minor >= 246;
}

/** The `pulumi` on PATH: its path, its version as it prints it, and whether that one can be used. */
export function findReleased(): { program: string; version: string; usable: boolean } | undefined {
    const program = (process.env.PATH ?? "")
        .split(delimiter)
        .map((directory) => join(directory, "pulumi"))
        .find((path) => existsSync(path));
    if (program === undefined) return undefined;
    const { stdout } = spawnSync(program, ["version"], {
        encoding: "utf8",
        env: { ...process.env, PULUMI_HOME: machine.pulumi.releasedHome, PULUMI_SKIP_UPDATE_CHECK: "true" },
    });
    const version = (stdout ?? "").trim();
    return { program, version, usable: isUsableVersion(version) };
}

function readPrepared(): Prepared | undefined {
    if (!existsSync(machine.pulumi.prepared)) return undefined;
    const prepared = JSON.parse(readFileSync(machine.pulumi.prepared, "utf8")) as Prepared;
    return existsSync(prepared.program) ? prepared : undefined;
}

function writeWhole(path: string, text: string): void {
    const unfinished = `${path}.${process.pid}`;
    writeFileSync(unfinished, text, { mode: 0o600 });
    renameSync(unfinished, path);
}

async function fetchReleasedPlugins(program: string): Promise<void> {
    for (const [name, version] of [
        ["kubernetes", kubernetesVersion],
        ["random", randomVersion],
    ]) {
        await run("pulumi-plugins", program, ["plugin", "install", "resource", name, `v${version}`], {
            env: { PULUMI_HOME: machine.pulumi.releasedHome, PULUMI_SKIP_UPDATE_CHECK: "true" },
        });
    }
}

/** The `pulumi` on PATH that is worth a try, and what it is called where one that failed is remembered. */
function findCandidate(): { program: string; description: string } | undefined {
    const released = findReleased();
    if (!released?.usable) return undefined;
    const description = `${released.program} ${released.version}`;
    return description === readPrepared()?.refused ? undefined : { program: released.program, description };
}

/** Whether it is known beforehand that the CLI has to be built. */
export function mustBuildPulumi(): boolean {
    return findCandidate() === undefined;
}

async function choose(report: (line: string) => void): Promise<Prepared> {
    const released = findCandidate();
    let refused = readPrepared()?.refused;
    if (released) {
        const { description } = released;
        try {
            report(`fetching the plugins of ${description}`);
            await fetchReleasedPlugins(released.program);
            return { program: released.program, home: machine.pulumi.releasedHome, built: false };
        } catch (error) {
            if (!(error instanceof CommandFailed)) throw error;
            report(`the plugins of ${description} cannot be fetched: building Pulumi instead`);
            refused = description;
        }
    }
    const program = await buildTool("pulumi", report);
    const languageHost = await buildTool("pulumi-language-nodejs", report);
    const beside = join(dirname(program), basename(languageHost));
    await copyFile(languageHost, `${beside}.${process.pid}`);
    await rename(`${beside}.${process.pid}`, beside);
    await installPlugins(machine.pulumi.home);
    return { program, home: machine.pulumi.home, built: true, refused };
}

/** A CLI that was killed leaves the pipes to its language host; one that still runs may use its own. */
function removeOldPipes(): void {
    const { temporary } = machine.pulumi;
    const yesterday = Date.now() - 24 * 3600 * 1000;
    const pipes = existsSync(temporary) ? readdirSync(temporary).filter((name) => /^pulumi-node-pipes/.test(name)) : [];
    for (const path of pipes.map((name) => join(temporary, name))) {
        if (statSync(path).mtimeMs < yesterday) rmSync(path, { recursive: true, force: true });
    }
}

/** Makes the Pulumi CLI, its plugins, its backend and its passphrase ready. */
export async function preparePulumi(report: (line: string) => void): Promise<void> {
    mkdirSync(machine.pulumi.backend, { recursive: true, mode: 0o700 });
    removeOldPipes();
    if (!existsSync(machine.pulumi.passphraseFile)) writeWhole(machine.pulumi.passphraseFile, `${passphrase}\n`);
    writeWhole(machine.pulumi.prepared, `${JSON.stringify(await choose(report), undefined, 4)}\n`);
}

/** The Pulumi CLI that was prepared, and the environment that it runs in. */
export function pulumiCommand(): { program: string; environment: NodeJS.ProcessEnv } {
    const prepared = readPrepared();
    if (prepared === undefined) throw new Error("Pulumi is not prepared on this machine: npm start does it");
    const environment: NodeJS.ProcessEnv = {
        ...process.env,
        KUBECONFIG: machine.kubeconfig,
        PULUMI_BACKEND_URL: `file://${machine.pulumi.backend}`,
        PULUMI_CONFIG_PASSPHRASE_FILE: machine.pulumi.passphraseFile,
        PULUMI_HOME: prepared.home,
        // Types are checked by npm run test:unit, not again at each command.
        PULUMI_NODEJS_TRANSPILE_ONLY: "true",
        PULUMI_SKIP_UPDATE_CHECK: "true",
        TMPDIR: machine.pulumi.temporary,
    };
    mkdirSync(machine.pulumi.temporary, { recursive: true, mode: 0o700 });
    // It would win over the file.
    delete environment.PULUMI_CONFIG_PASSPHRASE;
    if (prepared.built) {
        environment.PULUMI_DISABLE_AUTOMATIC_PLUGIN_ACQUISITION = "true";
        // Neither a plugin nor a language host of somebody else's; ours lies beside the CLI, where it looks first then.
        environment.PULUMI_IGNORE_AMBIENT_PLUGINS = "true";
    }
    return { program: prepared.program, environment };
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

/** Selects the stack `dev`, and makes it if there is none, unless a stack is selected for this folder. */
function ensureStack(): void {
    if (runPulumi(["stack", "--show-name", "--non-interactive"], "ignore") === 0) return;
    const status = runPulumi(["stack", "select", "dev", "--create", "--non-interactive"], ["ignore", 2, 2]);
    if (status !== 0) throw new Error("the stack dev could not be selected; Pulumi's own message is above");
}

/** `npm run -s pulumi -- …`: standard output is Pulumi's alone. */
function main(args: readonly string[]): void {
    ensureStack();
    process.exitCode = runPulumi(args);
}

if (require.main === module) {
    try {
        main(process.argv.slice(2));
    } catch (error) {
        console.error(error instanceof Error ? error.message : error);
        process.exitCode = 1;
    }
}
