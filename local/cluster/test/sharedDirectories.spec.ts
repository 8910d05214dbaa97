import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { removeSharedDirectories } from "../sharedDirectories";

describe("directories that are shared with other programs", () => {
    let root: string;

    beforeEach(() => (root = mkdtempSync(join(tmpdir(), "document-sync-shared-"))));

    afterEach(() => rmSync(root, { recursive: true }));

    it("go if they were not there before and are empty, the inner ones first", () => {
        const [inner, outer] = [join(root, "new", "inner"), join(root, "new")];
        const [old, used] = [join(root, "old"), join(root, "used")];
        for (const directory of [inner, old, used]) mkdirSync(directory, { recursive: true });
        writeFileSync(join(used, "of-others"), "");
        removeSharedDirectories([old], [inner, outer, old, used, join(root, "missing")]);
        expect([outer, old, used].map(existsSync)).to.deep.equal([false, true, true]);
    });

    it("stay if they have become a mount point", function () {
        if (process.getuid?.() !== 0) this.skip(); // Mounting takes root.
        const directory = join(root, "mounted");
        mkdirSync(directory);
        const mount = spawnSync("mount", ["-t", "tmpfs", "tmpfs", directory], { encoding: "utf8" });
        expect(mount.status, mount.stderr).to.equal(0);
        try {
            removeSharedDirectories([], [directory]);
            expect(existsSync(directory)).to.equal(true);
        } finally {
            spawnSync("umount", [directory]);
        }
    });
});
