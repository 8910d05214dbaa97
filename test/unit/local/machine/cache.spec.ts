import { expect } from "chai";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, readdirSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { markUsed, prune, putInPlace, removeLeftovers, unfinishedName } from "../../../../local/machine/cache";

describe("the cache of what was built", () => {
    let directory: string;
    beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "document-sync-cache-"))));
    afterEach(() => rmSync(directory, { recursive: true, force: true }));

    /** Makes a directory, and a file of the same name with `.tar`, that were used so many hours ago. */
    function plant(name: string, hours: number): string {
        const path = join(directory, name);
        mkdirSync(path);
        writeFileSync(join(path, "tool"), name);
        writeFileSync(`${path}.tar`, name);
        const used = new Date(Date.now() - hours * 3_600_000);
        for (const planted of [path, `${path}.tar`]) utimesSync(planted, used, used);
        return path;
    }

    const directories = () => readdirSync(directory).filter((name) => !name.endsWith(".tar"));

    it("keeps the three that were used last, whenever they were made, with all that is beside them", async () => {
        for (const [index, name] of ["a", "b", "c", "d", "e"].entries()) plant(`tool-${name}`, 100 - index);
        await markUsed(join(directory, "tool-a"));
        await prune(directory, "tool", 24);
        expect(readdirSync(directory)).to.have.members(["a", "d", "e"].flatMap((x) => [`tool-${x}`, `tool-${x}.tar`]));
    });

    it("keeps what was used lately, and what has another name", async () => {
        const lately = ["a1", "a2", "a3", "a4"].map((name, index) => plant(`tool-${name}`, 20 + index));
        const others = ["b1", "b2", "b3", "b4"].map((name) => plant(`tool-other-${name}`, 100));
        plant("tool-c1", 25);
        await prune(directory, "tool", 24);
        expect(directories().map((name) => join(directory, name))).to.have.members([...lately, ...others]);
        await prune(directory, "tool-other", 24);
        expect(directories().filter((name) => name.startsWith("tool-other"))).to.have.length(3);
    });

    it("keeps a program that runs", async () => {
        for (const name of ["a", "b", "c"]) plant(`tool-${name}`, 50);
        const old = plant("tool-d", 100);
        copyFileSync("/bin/sleep", join(old, "sleep"));
        const used = new Date(Date.now() - 100 * 3_600_000);
        utimesSync(old, used, used);
        const child = spawn(join(old, "sleep"), ["60"]);
        try {
            await once(child, "spawn");
            await prune(directory, "tool", 24);
            expect(directories()).to.include("tool-d");
        } finally {
            child.kill("SIGKILL");
            await once(child, "exit");
        }
        await prune(directory, "tool", 24);
        expect(directories()).to.have.members(["tool-a", "tool-b", "tool-c"]);
    });

    it("loses what a build that was killed has left, a day later, and nothing that another is making", async () => {
        const ended = spawnSync("true").pid;
        const left = [`x.building-${ended}-0a`, `x.building-${ended}-0a.list`];
        for (const name of left) plant(name, 25);
        for (const name of left) rmSync(join(directory, `${name}.tar`));
        const others = [`x.building-${process.pid}-0a`, "x", `y.building-${ended}-0a`];
        for (const name of others) mkdirSync(join(directory, name));
        utimesSync(join(directory, others[0]), 0, 0);
        await removeLeftovers(directory);
        expect(readdirSync(directory)).to.have.members(others);
    });

    it("keeps the one that another clone was quicker to make", async () => {
        const path = plant("tool-a", 1);
        const unfinished = unfinishedName(path);
        mkdirSync(unfinished);
        writeFileSync(join(unfinished, "late"), "");
        await putInPlace(unfinished, path);
        expect(readdirSync(path)).to.deep.equal(["tool"]);
    });
});
