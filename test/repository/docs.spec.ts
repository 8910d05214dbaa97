import { expect } from "chai";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { declared } from "../unit/stackConfig";

const notOurs = new Set([".git", ".local", "dist", "node_modules"]);

/** Every Markdown file of the project, as a path from its root. */
function pages(directory = "."): string[] {
    return readdirSync(directory, { withFileTypes: true }).flatMap((entry) => {
        const path = join(directory, entry.name);
        if (entry.isDirectory()) return notOurs.has(entry.name) ? [] : pages(path);
        return entry.name.endsWith(".md") ? [path] : [];
    });
}

function matches(page: string, pattern: RegExp): RegExpMatchArray[] {
    return [...readFileSync(page, "utf8").matchAll(pattern)];
}

/** GitHub's name for a heading, in a link. */
const anchorOf = (heading: string) => heading.toLowerCase().replace(/[^\w-]/g, (sign) => (sign === " " ? "-" : ""));

describe("the documentation", () => {
    const found = pages();

    it("has each key of Pulumi.yaml and its default in the README's table, and no other key", () => {
        const [, section] = /\n## Configuration\n([^]*?)\n## /.exec(readFileSync("README.md", "utf8")) ?? [];
        const rows = [...(section ?? "").matchAll(/^\| (`[^|]*`) \| ([^|]*) \|/gm)];
        const defaults = rows.flatMap(([, keys, value]) =>
            [...keys.matchAll(/`(\w+)`/g)].map(([, key]): [string, string] => [key, value]),
        );
        const own = Object.entries(declared).filter(([key]) => !key.includes(":"));
        expect(defaults.map(([key]) => key)).to.have.members(own.map(([key]) => key));
        for (const [key, { default: value }] of own) {
            const shown = new Map(defaults).get(key);
            if (value === undefined) expect(shown, key).to.equal("required");
            // An absent optional one: the table says in a word what happens then.
            else if (value !== "" && value !== 0) expect(shown, key).to.include(`\`${String(value)}\``);
        }
    });

    it("shows the scenario's steps as they are, in the README's text and picture", () => {
        const steps = matches("scenario/sync.spec.ts", /^ +it\("(\d\. .*?)",/gm).map(([, title]) => title);
        expect(steps).to.have.length.greaterThan(3);
        const shown = matches("README.md", /^ +✔ (\d\. .*)$/gm).map(([, title]) => title);
        expect(shown).to.deep.equal(steps);
        const lines = matches("docs/recording/run.svg", /<text .*<\/text>/g).map(([line]) =>
            line.replace(/<[^>]*>/g, ""),
        );
        const drawn = lines.flatMap((line) => /(\d\. .*?)\s*(?:\(\d+m?s\))?$/.exec(line)?.[1] ?? []);
        expect(drawn.slice(-steps.length)).to.deep.equal(steps);
    });

    it("links to files and headings that are there", () => {
        expect(found).to.include.members(["README.md", "CONTRIBUTING.md", "engine/README.md", "docs/architecture.md"]);
        for (const page of found) {
            for (const [, target] of matches(page, /\]\((?!\w+:)([^)\s]+)\)/g)) {
                const [file, anchor] = target.split("#");
                const path = file === "" ? page : join(dirname(page), file);
                expect(existsSync(path), `${page} links to ${target}`).to.equal(true);
                if (anchor === undefined) continue;
                const headings = matches(path, /^#+ (.*)$/gm).map(([, heading]) => anchorOf(heading));
                expect(headings, `${page} links to ${target}`).to.include(anchor);
            }
        }
    });
});
