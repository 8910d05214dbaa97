import { spawnSync } from "node:child_process";
import { createHash } from "node:crypto";
import { existsSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { markUsed, prune, putInPlace, unfinishedName } from "../../machine/cache";
import { findOnPath } from "../../machine/onPath";
import { cacheDirectory, machine } from "../../machine/paths";
import { recall } from "../released/answers";
import { choose, type Part } from "../released/choose";
import { doesAnswer, NotToBeHad, runFetch, unanswered } from "../released/fetch";
import type { Tools, Wish } from "../released/tools";
import { buildTool } from "../toolchain/build";
import { cliVersion, isUsableVersion } from "./versions";

export const installer = "https://get.pulumi.com/install.sh";

/** Fetches it by what it needs itself, which knows proxies, unlike Pulumi's Automation API; and runs it as that would. */
const runInstaller = `
curl --fail --silent --show-error --location --output "$TMPDIR/install.sh" "$1"
sh "$TMPDIR/install.sh" --no-edit-path --install-root "$2" --version "$3"`;

/** A Pulumi CLI. */
export interface Cli {
    readonly program: string;
    readonly isBuilt: boolean;
    /** Version and origin, for people. */
    readonly from: string;
}

/** The `pulumi` on PATH: its path, its version as it prints it, and whether that one can be used. */
export function findReleased(): { program: string; version: string; usable: boolean } | undefined {
    const program = findOnPath("pulumi");
    if (program === undefined) return undefined;
    const { stdout } = spawnSync(program, ["version"], {
        encoding: "utf8",
        timeout: 10_000,
        env: { ...process.env, PULUMI_HOME: machine.pulumi.home, PULUMI_SKIP_UPDATE_CHECK: "true" },
    });
    const version = (stdout ?? "").trim();
    return { program, version, usable: isUsableVersion(version) };
}

/** Where the official installer puts its own, or is going to. */
function installedDirectory(): string {
    const key = createHash("sha256")
        .update(JSON.stringify([process.arch, installer, cliVersion]))
        .digest("hex");
    return join(cacheDirectory, "tools", `pulumi-released-${key.slice(0, 16)}`);
}

/** Fetches the CLI by its official installer, whole or not at all. */
async function install(report: (line: string) => void): Promise<string> {
    const directory = installedDirectory();
    const program = join(directory, "bin", "pulumi");
    if (!existsSync(program)) {
        const what = `Pulumi CLI ${cliVersion}`;
        if (!(await doesAnswer(installer))) throw new NotToBeHad(unanswered(what, installer));
        report(`fetching ${what}`);
        // Without its program it is of no use to anybody.
        await rm(directory, { recursive: true, force: true });
        const unfinished = unfinishedName(directory);
        await mkdir(unfinished, { recursive: true });
        try {
            await runFetch("pulumi-install", what, "sh", [
                "-ec",
                runInstaller,
                "sh",
                installer,
                unfinished,
                cliVersion,
            ]);
            await putInPlace(unfinished, directory);
        } finally {
            await rm(unfinished, { recursive: true, force: true });
        }
        await prune(dirname(directory), "pulumi-released", 24);
    }
    await markUsed(directory);
    return program;
}

/** The part of the platform; a usable one on PATH comes before the installer's. */
function cliPart(report: (line: string) => void): Part<Cli> {
    const found = findReleased();
    const onPath = found?.usable ? found : undefined;
    return {
        name: "Pulumi CLI",
        question: onPath ? `${onPath.program} ${onPath.version}` : cliVersion,
        released: async () => ({
            program: onPath?.program ?? (await install(report)),
            isBuilt: false,
            from: onPath ? `${onPath.program} ${onPath.version}, on PATH` : `${cliVersion}, released`,
        }),
        built: async () => ({
            program: await buildTool("pulumi", report),
            isBuilt: true,
            from: `${cliVersion}, built from its Go module`,
        }),
        describe: ({ from }) => from,
    };
}

export function prepareCli(wish: Wish, report: (line: string) => void): Promise<Cli> {
    return choose(cliPart(report), wish);
}

/** Whether the CLI will have to be built, as far as can be told before: its server may answer, and a download still fail. */
export async function mustBuildPulumi(tools: Tools | undefined): Promise<boolean> {
    const { name, question } = cliPart(() => undefined);
    if ((tools ?? recall(name, question)?.taken) === "built") return true;
    const isHere = question !== cliVersion || existsSync(installedDirectory());
    return !isHere && !(await doesAnswer(installer));
}
