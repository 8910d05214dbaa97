import { execFile } from "node:child_process";
import { dirname } from "node:path";
import { promisify } from "node:util";
import { Refusal } from "./refusal";

/** The outputs of the program's stack that the scenario takes. */
export interface Outputs {
    readonly engine1Url: string;
    readonly engine2Url: string;
}

/** A Pulumi CLI, with its own idea of which stack is selected. */
interface Cli {
    readonly command: readonly string[];
    /** How whoever runs the scenario would call it. */
    readonly called: string;
}

const own: Cli = { command: ["pulumi"], called: "pulumi" };
const local: Cli = { command: ["npm", "run", "--silent", "pulumi", "--"], called: "npm run -s pulumi --" };

/** How long a CLI may take for one answer. */
const answerSeconds = 25;

/**
 * The outputs of the stack that is selected for this folder in the caller's own Pulumi environment, if one is, else of the
 * one that is selected under `npm run pulumi`. Prints which.
 *
 * @throws Refusal if there is no stack, or it has no engines.
 */
export async function readOutputs(env: NodeJS.ProcessEnv): Promise<Outputs> {
    const run = (cli: Cli, ...args: string[]) => runCli(cli, env, args);
    const selectedStack = async (cli: Cli) => (await run(cli, "stack", "--show-name")).trim();

    const ownStack = await selectedStack(own).catch(() => undefined);
    const cli = ownStack === undefined ? local : own;
    const stack = ownStack ?? (await selectedStack(local).catch(refuseWithout));

    let outputs: Partial<Outputs>;
    try {
        outputs = JSON.parse(await run(cli, "stack", "output", "--json", "--stack", stack)) as Partial<Outputs>;
    } catch (error) {
        throw new Refusal(`The outputs of stack ${stack} (${cli.called}) cannot be read: ${wordsOf(error)}`);
    }
    const { engine1Url, engine2Url } = outputs;
    if (typeof engine1Url !== "string" || typeof engine2Url !== "string") {
        throw new Refusal(
            `Stack ${stack} (${cli.called}) has no outputs engine1Url and engine2Url: bring it up, or set ENGINE1 and ENGINE2.`,
        );
    }
    console.log(`Engines of stack ${stack} (${cli.called} stack output): ${engine1Url} ${engine2Url}`);
    return { engine1Url, engine2Url };
}

function refuseWithout(error: unknown): never {
    throw new Refusal(
        `ENGINE1 and ENGINE2 are not set, and there is no stack to take the engines from: ${wordsOf(error)}`,
    );
}

async function runCli(cli: Cli, env: NodeJS.ProcessEnv, args: readonly string[]): Promise<string> {
    const [file, ...first] = cli.command;
    const { stdout } = await promisify(execFile)(file, [...first, ...args, "--non-interactive"], {
        cwd: dirname(__dirname),
        env,
        timeout: answerSeconds * 1000,
    });
    return stdout;
}

/** What a command said when it failed, as one line. */
function wordsOf(error: unknown): string {
    const { killed, stderr, message } = error as { killed?: boolean; stderr?: string; message: string };
    return killed ? `no answer within ${answerSeconds} s` : (stderr?.trim() || message).replaceAll(/\s+/g, " ");
}
