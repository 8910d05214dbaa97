import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join } from "node:path";
import { writeDurably } from "../../machine/durable";
import { machine } from "../../machine/paths";
import type { Wish } from "../../artifacts/released/tools";
import { prepareCli } from "../../artifacts/pulumi/cli";
import { prepareLanguageHost } from "../../artifacts/pulumi/languageHost";
import { pluginDirectory } from "../../artifacts/pulumi/home";
import { writeContext } from "./kubeconfig";
import { developmentPassphrase } from "./passphrases";
import { preparePlugins } from "../../artifacts/pulumi/plugins";
import { pluginNames } from "../../artifacts/pulumi/versions";

/** What the last start has made ready. */
export interface Prepared {
    /** Paths of the CLI and of its language host. */
    readonly program: string;
    readonly languageHost: string;
    /** Both plugins are released ones. */
    readonly hasReleasedPlugins: boolean;
}

/** @throws if nothing was prepared, or what was is gone. */
export function readPrepared(): Prepared {
    try {
        const prepared = JSON.parse(readFileSync(machine.pulumi.prepared, "utf8")) as Prepared;
        const plugins = pluginNames.map((name) => pluginDirectory(machine.pulumi.home, name));
        if ([prepared.program, prepared.languageHost, ...plugins].every((path) => existsSync(path))) return prepared;
    } catch {
        // No such file, or one of an older version.
    }
    throw new Error("Pulumi is not prepared on this machine: npm start does it");
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

/** Earlier versions had Pulumi write attributes beside each file of its state, which nothing needs and which a kill leaves empty. */
function removeAttributes(): void {
    const files = readdirSync(machine.pulumi.backend, { recursive: true, encoding: "utf8" });
    for (const name of files.filter((file) => file.endsWith(".attrs"))) {
        rmSync(join(machine.pulumi.backend, name), { force: true });
    }
}

/** Makes the Pulumi CLI, its language host, its plugins, its backend and its passphrase ready. */
export async function preparePulumi(wish: Wish, report: (line: string) => void): Promise<void> {
    mkdirSync(machine.pulumi.backend, { recursive: true, mode: 0o700 });
    removeOldPipes();
    removeAttributes();
    writeContext();
    writeDurably(machine.pulumi.passphraseFile, `${developmentPassphrase}\n`);
    const cli = await prepareCli(wish, report);
    const languageHost = await prepareLanguageHost(cli, wish, report);
    const hasReleasedPlugins = await preparePlugins(cli.program, wish, report);
    const prepared: Prepared = { program: cli.program, languageHost, hasReleasedPlugins };
    writeDurably(machine.pulumi.prepared, `${JSON.stringify(prepared, undefined, 4)}\n`);
}
