import { spawnSync } from "node:child_process";
import { mkdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { buildSync } from "esbuild";
import { expect } from "chai";
import { bundledPackages, licensesText } from "../build/licenses";
import { cleanUp, engineSource, temporaryDirectory } from "./engineProcess";

const root = join(__dirname, "../..");

describe("the licences of what is bundled", function () {
    this.timeout(60_000);
    let directory: string;
    beforeEach(async () => (directory = await temporaryDirectory()));
    afterEach(cleanUp);

    const write = async (name: string, license: unknown, files: Record<string, string>) => {
        const folder = join(directory, "node_modules", name);
        await mkdir(folder, { recursive: true });
        await writeFile(join(folder, "package.json"), JSON.stringify({ name, version: "1.2.3", license }));
        for (const [file, text] of Object.entries(files)) await writeFile(join(folder, file), text);
    };

    it("are those of each package that has a file in it, once, with notices, and of no other", async () => {
        await write("b", "ISC", { "LICENCE.md": "B's own\n" });
        await write("@scope/a", "Apache-2.0", { LICENSE: "A's own", NOTICE: "A's notice" });
        await write("a/node_modules/b", "MIT", { COPYING: "The other B's" });
        await write("unused", "GPL-3.0-only", { LICENSE: "Not bundled" });
        const inputs = ["src/main.ts", "x/node_modules.ts"].concat(
            ["b/index.js", "b/lib/more.js", "@scope/a/a.js", "a/node_modules/b/b.js"].map(
                (path) => `node_modules/${path}`,
            ),
        );
        const text = licensesText(bundledPackages(inputs, directory));
        const order = ["@scope/a 1.2.3 (Apache-2.0)", "A's own", "A's notice", "a/node_modules/b 1.2.3 (MIT)"];
        const found = [...order, "The other B's", "\nb 1.2.3 (ISC)", "B's own"].map((part) => text.indexOf(part));
        expect(found)
            .to.deep.equal([...found].sort((a, b) => a - b))
            .and.not.to.include(-1);
        expect(text.match(/B's own/g)).to.have.length(1);
        expect(text).not.to.include("Not bundled");
    });

    for (const license of ["GPL-3.0-only", "SEE LICENSE IN LICENSE", undefined, { type: "MIT" }]) {
        it(`are refused if nobody has looked at them: ${JSON.stringify(license)}`, async () => {
            await write("odd", license, { LICENSE: "Odd" });
            const expected = `The package odd 1.2.3 has the licence ${JSON.stringify(license)}, which`;
            expect(() => bundledPackages(["node_modules/odd/index.js"], directory)).to.throw(expected);
        });
    }

    it("are refused without a text", async () => {
        await write("bare", "MIT", { NOTICE: "Not a licence", "README.md": "MIT" });
        expect(() => bundledPackages(["node_modules/bare/index.js"], directory)).to.throw(
            "The package bare 1.2.3 has no licence file",
        );
    });

    it("of the engine's bundle are there, and its packages are in the list that npm run sbom writes", async () => {
        const { metafile } = buildSync({
            entryPoints: [engineSource],
            bundle: true,
            platform: "node",
            write: false,
            metafile: true,
            absWorkingDir: root,
        });
        const packages = bundledPackages(Object.keys(metafile.inputs), root);
        expect(packages.map(({ name }) => name)).to.include.members(["pino", "rabbitmq-client", "ws"]);
        for (const { name, texts } of packages) expect(texts.join(), name).to.match(/copyright/i);

        const { scripts } = JSON.parse(await readFile(join(root, "package.json"), "utf8")) as {
            scripts: { sbom: string };
        };
        const [command] = /npm sbom [^>]*/.exec(scripts.sbom) ?? [];
        const { stdout } = spawnSync("sh", ["-c", String(command)], { cwd: root, encoding: "utf8" });
        const { components } = JSON.parse(stdout) as { components: { purl: string }[] };
        const listed = components.map(({ purl }) => decodeURIComponent(purl));
        // With --omit dev npm leaves out two of them, which the repository's root needs for its tests, too.
        expect(listed).to.include.members(packages.map(({ name, version }) => `pkg:npm/${name}@${version}`));
    });
});
