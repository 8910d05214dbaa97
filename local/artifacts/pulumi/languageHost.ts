import { existsSync, realpathSync } from "node:fs";
import { copyFile, rename } from "node:fs/promises";
import { dirname, join } from "node:path";
import { unfinishedName } from "../../machine/cache";
import { findOnPath } from "../../machine/onPath";
import type { Wish } from "../released/tools";
import { buildTool } from "../toolchain/build";
import type { Cli } from "./cli";

const name = "pulumi-language-nodejs";

/** The one that a released CLI uses: beside it, or on PATH. */
export function findLanguageHost(program: string): string | undefined {
    const beside = join(dirname(realpathSync(program)), name);
    return existsSync(beside) ? beside : findOnPath(name);
}

/**
 * The Node.js language host of a CLI: a released one brings it along or has it on PATH, for another it is built.
 *
 * @returns its path.
 */
export async function prepareLanguageHost(cli: Cli, { say }: Wish, report: (line: string) => void): Promise<string> {
    const beside = join(dirname(realpathSync(cli.program)), name);
    const found = cli.isBuilt ? undefined : findLanguageHost(cli.program);
    if (found !== undefined) {
        say(`Node.js language host: ${found === beside ? "the CLI's own" : found}`);
        return found;
    }
    const host = await buildTool(name, report);
    say("Node.js language host: built from its Go module");
    if (!cli.isBuilt) return host;
    // Where the CLI looks first; beside somebody else's nothing is put.
    await copyFile(host, unfinishedName(beside));
    await rename(unfinishedName(beside), beside);
    return beside;
}
