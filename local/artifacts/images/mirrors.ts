import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { run } from "../../machine/run";

const execute = promisify(execFile);

/** Where this machine's own apt gets Debian from. */
export interface Mirrors {
    readonly debian: string;
    /** Not every machine has it in its sources. */
    readonly security: string | undefined;
}

/**
 * Reads the mirrors from the machine's apt sources, in whichever format they are written: apt itself parses them.
 *
 * @throws if none of them is Debian's.
 */
export async function readMirrors(): Promise<Mirrors> {
    // Not through run(), which keeps what it reads in a log: an address may hold a password.
    const listTargets = async () => {
        const format = "$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)";
        const { stdout } = await execute("apt-get", ["indextargets", "--format", format, "Created-By: Packages"]);
        return stdout;
    };
    // Origin and label come from the archive's own index, which apt has only after an update.
    const targets = (await listTargets()) || (await run("images", "apt-get", ["update"]).then(listTargets));
    const uriOf = (label: string) =>
        targets
            .split("\n")
            .map((line) => line.split("|"))
            .find(([origin, itsLabel, component]) => origin === "Debian" && itsLabel === label && component === "main")
            ?.at(3);
    const debian = uriOf("Debian");
    if (debian === undefined)
        throw new Error("no mirror of Debian is among this machine's apt sources (apt-get indextargets)");
    return { debian, security: uriOf("Debian-Security") };
}
