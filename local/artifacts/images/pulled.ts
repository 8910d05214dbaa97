import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { mkdir, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { parse } from "yaml";
import { markUsed, prune, putInPlace, unfinishedName } from "../../machine/cache";
import { debianPackages, installPackages } from "../../machine/packages";
import { cacheDirectory, projectDirectory } from "../../machine/paths";
import { recall } from "../released/answers";
import { choose } from "../released/choose";
import { doesAnswer, NotToBeHad, runFetch, unanswered } from "../released/fetch";
import type { Tools, Wish } from "../released/tools";
import type { ImageConfig } from "./archive";

/** What an image is put on: its layers, the lowest first, and a configuration if the image brings its own. */
export interface Base {
    readonly layers: readonly string[];
    readonly config: ImageConfig;
}

/** Images with a base that is published; the one of the sandbox is made here always. */
export type PulledKind = "broker" | "engine";

export const registry = "https://registry-1.docker.io/v2/";

const readProjectFile = (...path: string[]) => readFileSync(join(projectDirectory, ...path), "utf8");

/** The published image, as the program and the engine's Containerfile name it for clusters that pull. */
function referenceOf(kind: PulledKind): string {
    if (kind === "engine") return /^ARG BASE=(\S+)$/m.exec(readProjectFile("engine", "Containerfile"))?.[1] ?? "";
    const { config } = parse(readProjectFile("Pulumi.yaml")) as { config: Record<string, { default: string }> };
    return config.brokerImage.default;
}

function directoryOf(kind: PulledKind): string {
    const key = createHash("sha256")
        .update(JSON.stringify([process.arch, referenceOf(kind)]))
        .digest("hex");
    return join(cacheDirectory, "pulled", `${kind}-${key.slice(0, 12)}`);
}

/** An image in the directory format of skopeo(1): files named by their SHA-256. */
function readPulled(directory: string): Base {
    const read = (name: string) => JSON.parse(readFileSync(join(directory, name), "utf8")) as unknown;
    const fileOf = ({ digest }: { digest: string }) => digest.replace(/^sha256:/, "");
    const manifest = read("manifest.json") as { config: { digest: string }; layers: { digest: string }[] };
    const { config } = read(fileOf(manifest.config)) as { config: ImageConfig };
    return { layers: manifest.layers.map((layer) => join(directory, fileOf(layer))), config };
}

async function pull(kind: PulledKind, report: (line: string) => void): Promise<Base> {
    const directory = directoryOf(kind);
    if (!existsSync(directory)) {
        const reference = referenceOf(kind);
        if (!(await doesAnswer(registry))) throw new NotToBeHad(unanswered(reference, registry));
        await installPackages(debianPackages.pulledImages, report).catch((error: Error) => {
            throw new NotToBeHad(`${reference} could not be fetched: ${error.message}`);
        });
        report(`pulling ${reference}`);
        const unfinished = unfinishedName(directory);
        await mkdir(dirname(directory), { recursive: true });
        try {
            // Without a policy, which not every machine has: the registry vouches for what it serves.
            const copy = ["--insecure-policy", "copy", "--quiet", "--dest-decompress"];
            await runFetch(`pull-${kind}`, reference, "skopeo", [
                ...copy,
                `docker://${reference}`,
                `dir:${unfinished}`,
            ]);
            await putInPlace(unfinished, directory);
        } finally {
            await rm(unfinished, { recursive: true, force: true });
        }
        await prune(dirname(directory), kind, 24);
    }
    await markUsed(directory);
    return readPulled(directory);
}

const partOf = (kind: PulledKind) => (kind === "broker" ? "Image of the broker" : "Base of the engine's image");

/** Whether a published base is here and, as far as can be told before, will be used. */
export function isPulled(kind: PulledKind, tools: Tools | undefined): boolean {
    const taken = tools ?? recall(partOf(kind), referenceOf(kind))?.taken;
    return taken !== "built" && existsSync(directoryOf(kind));
}

/** The published base of an image, or undefined where it is to be made from Debian packages. */
export function chooseBase(kind: PulledKind, wish: Wish, report: (line: string) => void): Promise<Base | undefined> {
    const reference = referenceOf(kind);
    return choose<Base | undefined>(
        {
            name: partOf(kind),
            question: reference,
            released: () => pull(kind, report),
            built: () => Promise.resolve(undefined),
            describe: (base) => (base ? reference : "made from Debian packages"),
        },
        wish,
    );
}
