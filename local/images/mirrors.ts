import { run } from "../run";

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
    const listTargets = () =>
        run("images", "apt-get", [
            "indextargets",
            "--format",
            "$(ORIGIN)|$(LABEL)|$(COMPONENT)|$(REPO_URI)",
            "Created-By: Packages",
        ]);
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
