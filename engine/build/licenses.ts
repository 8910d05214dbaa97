import { readFileSync, readdirSync } from "node:fs";
import { join } from "node:path";

/** A package of which something is in the bundle. */
export interface BundledPackage {
    readonly name: string;
    readonly version: string;
    /** SPDX identifier, as the package itself says. */
    readonly license: string;
    /** Of its licence file, and of its notice if it has one. */
    readonly texts: readonly string[];
}

/** Licences that let the bundle be passed on if their text goes along. */
const accepted = new Set(["0BSD", "Apache-2.0", "BlueOak-1.0.0", "BSD-2-Clause", "BSD-3-Clause", "ISC", "MIT"]);

/** Folder of the package that a file is part of; none for files of the project's own. */
const packageFolder = /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/;

/**
 * The packages of which a bundle has something, by name.
 *
 * @param inputs paths of the bundled files, as keys of esbuild's metafile; they are taken from `directory`.
 * @throws Error if a package has no licence text, or a licence that nobody has looked at: name and licence are in the message.
 */
export function bundledPackages(inputs: readonly string[], directory: string): readonly BundledPackage[] {
    const folders = new Set(inputs.flatMap((path) => packageFolder.exec(path)?.[0] ?? []));
    return [...folders]
        .map((folder) => readPackage(join(directory, folder)))
        .sort((a, b) => (`${a.name}@${a.version}` < `${b.name}@${b.version}` ? -1 : 1));
}

function readPackage(folder: string): BundledPackage {
    const { name, version, license } = JSON.parse(readFileSync(join(folder, "package.json"), "utf8")) as {
        name: string;
        version: string;
        license?: unknown;
    };
    if (typeof license !== "string" || !accepted.has(license)) {
        throw new Error(
            `The package ${name} ${version} has the licence ${JSON.stringify(license)}, which is not among those that ` +
                "engine/build/licenses.ts accepts. Read it before the bundle is passed on.",
        );
    }
    const files = readdirSync(folder).filter((file) => /^(licen[cs]e|copying|notice)/i.test(file));
    if (!files.some((file) => !/^notice/i.test(file))) {
        throw new Error(
            `The package ${name} ${version} has no licence file, whose text must go along with the bundle.`,
        );
    }
    return {
        name,
        version,
        license,
        texts: files.sort().map((file) => readFileSync(join(folder, file), "utf8").trim()),
    };
}

/** What goes beside the bundle: each package with its licence's whole text. The same for the same packages. */
export function licensesText(packages: readonly BundledPackage[]): string {
    const heading = "engine.cjs holds code of the packages below, under their licences.\n";
    const sections = packages.map(
        ({ name, version, license, texts }) => `${name} ${version} (${license})\n\n${texts.join("\n\n")}\n`,
    );
    return [heading, ...sections].join(`\n${"-".repeat(80)}\n\n`);
}
