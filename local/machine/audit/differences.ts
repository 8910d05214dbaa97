import { debianPackages } from "../packages";
import type { Snapshot } from "./snapshot";

/** Where dpkg, apt and what they call write down what is installed. Changes there go with a package that was installed. */
const records = [
    "/var/lib/dpkg",
    "/var/lib/apt",
    "/var/cache/apt",
    "/var/cache/debconf",
    "/var/lib/pam",
    "/var/lib/systemd/deb-systemd-helper-enabled",
    "/var/lib/systemd/deb-systemd-user-helper-enabled",
    "/var/log/dpkg.log",
    "/var/log/apt",
    "/var/log/alternatives.log",
    "/etc/alternatives",
    "/etc/ld.so.cache",
    "/var/cache/ldconfig",
    // The index of manual pages, and the catalogue that appstream makes of apt's lists.
    "/var/cache/man",
    "/var/cache/swcatalog",
    "/var/lib/swcatalog",
];

/** Where a package's scripts link a service of its own, to be started at the next boot as Debian's way is. */
const serviceLinks = /^\/etc\/(rc[0-6S]\.d\/[SK]\d\d|systemd\/system\/[^/]+\.wants\/)(?<service>[^/]+?)(\.service)?$/;

const isIn = (path: string, directory: string) => path === directory || path.startsWith(`${directory}/`);

/**
 * What differs between two looks at a machine, a line each.
 *
 * @param filesOf the files of a Debian package that is installed now.
 * @returns what should not differ; and what may: packages that the local platform installed where they were missing, with
 *     those that they depend on, with their files and records.
 */
export function differences(
    before: Snapshot,
    now: Snapshot,
    filesOf: (name: string) => string[],
): { found: string[]; allowed: string[] } {
    const all = Object.keys({ ...before, ...now }).flatMap((sort) => {
        const [old, current] = [before[sort] ?? {}, now[sort] ?? {}];
        return [...new Set([...Object.keys(old), ...Object.keys(current)])]
            .filter((name) => old[name] !== current[name])
            .sort()
            .map((name) => ({ sort, name, old: old[name], current: current[name] }));
    });
    const ours: readonly string[] = Object.values(debianPackages).flat();
    const installed = all.filter(
        ({ sort, name, old, current }) =>
            sort === "Debian packages" &&
            old === undefined &&
            (ours.includes(name.replace(/:.*/, "")) || current?.endsWith(" automatic")),
    );
    const installedFiles = new Set(installed.flatMap(({ name }) => filesOf(name)));
    const isAllowed = (difference: (typeof all)[number]) => {
        const { sort, name, old, current } = difference;
        if (installed.length === 0) return false;
        if (installed.includes(difference)) return true;
        // Known to be there, and not running.
        if (sort === "services") {
            const runs = /\[ \+ \]|\brunning\b/.test(current ?? "");
            return old === undefined && !runs && installedFiles.has(`/etc/init.d/${name}`);
        }
        if (sort !== "files") return false;
        const link = serviceLinks.exec(name)?.groups?.service;
        return (
            records.some((record) => isIn(name, record)) ||
            (old === undefined && installedFiles.has(name)) ||
            (old === undefined && current?.includes(" to /etc/alternatives/")) ||
            (link !== undefined &&
                (installedFiles.has(`/etc/init.d/${link}`) ||
                    installedFiles.has(`/usr/lib/systemd/system/${link}.service`) ||
                    installedFiles.has(`/lib/systemd/system/${link}.service`)))
        );
    };
    const line = ({ sort, name, old, current }: (typeof all)[number]) =>
        old === undefined
            ? `${sort}: new: ${name} (${current})`
            : current === undefined
              ? `${sort}: gone: ${name} (${old})`
              : `${sort}: changed: ${name} (${old} → ${current})`;
    return {
        found: all.filter((difference) => !isAllowed(difference)).map(line),
        allowed: all.filter(isAllowed).map(line),
    };
}
