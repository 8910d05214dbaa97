import { execFileSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { dirname, join } from "node:path";
import { projectDirectory } from "../../local/machine/paths";

/**
 * A clone of this one as it is now, with the packages that are installed here: for tests that change files of a clone, or
 * need two. It lies inside this one, where files can be linked and git does not look.
 *
 * @returns its directory.
 */
export function makeClone(): string {
    const parent = join(projectDirectory, ".local", "clones");
    mkdirSync(parent, { recursive: true });
    const directory = mkdtempSync(join(parent, "clone-"));
    const listed = execFileSync("git", ["ls-files", "-z", "--cached", "--others", "--exclude-standard"], {
        cwd: projectDirectory,
        encoding: "utf8",
    });
    for (const name of listed.split("\0").filter((name) => name !== "" && existsSync(join(projectDirectory, name)))) {
        mkdirSync(dirname(join(directory, name)), { recursive: true });
        cpSync(join(projectDirectory, name), join(directory, name));
    }
    // As hard links, within seconds and without a network.
    execFileSync("cp", ["--archive", "--link", join(projectDirectory, "node_modules"), directory]);
    return directory;
}

export function removeClone(directory: string): void {
    rmSync(directory, { recursive: true, force: true });
}
