import { mkdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { unfinishedName } from "../../machine/cache";
import { cacheDirectory } from "../../machine/paths";
import { CommandFailed, run } from "../../machine/run";

/** Something released can't be fetched here; the message says what and why. */
export class NotToBeHad extends Error {}

/** Seconds, each. Whatever is not there by then is built. */
export const limits = {
    /** For the first byte of a server's answer. */
    answer: 5,
    /** For the CLI, for the plugins, and for each image: as a whole, since a server can also stop in the middle. */
    fetch: 180,
};

/** Variables that can name a proxy for HTTPS. */
const proxies = ["https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];

const answers = new Map<string, Promise<boolean>>();

async function ask(url: string): Promise<boolean> {
    try {
        const response = await fetch(url, { method: "HEAD", signal: AbortSignal.timeout(limits.answer * 1000) });
        // A registry's is 401, until one has a token.
        return response.ok || response.status === 401;
    } catch {
        return false;
    }
}

/** Whether a server answers. It is asked once in this process. */
export function doesAnswer(url: string): Promise<boolean> {
    // Node's own fetch knows no proxies, while those that fetch afterwards do, and say so if it lets nothing through.
    if (proxies.some((name) => process.env[name])) return Promise.resolve(true);
    const answer = answers.get(url) ?? ask(url);
    answers.set(url, answer);
    return answer;
}

/** What is said of something whose servers don't answer. */
export function unanswered(what: string, ...urls: string[]): string {
    return `${what} could not be fetched: no answer from ${urls.join(" or ")}`;
}

/**
 * Runs a command that fetches something. At the limit it is ended, with all that it has started, and its temporary files go.
 *
 * @param what for the error.
 * @throws {NotToBeHad} if it fails or is ended.
 */
export async function runFetch(
    name: string,
    what: string,
    command: string,
    args: readonly string[],
    env: Readonly<Record<string, string>> = {},
): Promise<void> {
    const start = Date.now();
    const temporary = unfinishedName(join(cacheDirectory, name));
    await mkdir(temporary, { recursive: true });
    try {
        // timeout(1) leads a process group of its own, and a KILL goes to all of it.
        await run(name, "timeout", ["--signal=KILL", String(limits.fetch), command, ...args], {
            env: { ...env, TMPDIR: temporary },
        });
    } catch (error) {
        if (!(error instanceof CommandFailed)) throw error;
        const output = error.message.split("\n").slice(1);
        const log = output.pop();
        const isLate = Date.now() - start >= limits.fetch * 1000;
        const cause = isLate
            ? `not there after ${limits.fetch} s`
            : (output.filter((line) => line.trim() !== "").at(-1) ?? "without a word");
        throw new NotToBeHad(`${what} could not be fetched: ${cause}\n${log}`);
    } finally {
        await rm(temporary, { recursive: true, force: true });
    }
}
