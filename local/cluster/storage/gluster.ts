import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { markUsed, prune } from "../../machine/cache";
import { unpackWithDependencies } from "../../machine/packages";
import { cacheDirectory } from "../../machine/paths";
import { brickPort, brickVolume, healVolume, indicesOf, mountVolume } from "./glusterVolumes";

/** Where each node sees the replicated file system. */
export const replicatedDirectory = "/var/lib/document-sync/replicated";

/** Where volumes are made in it: of a node on which it is not mounted, this is no directory. */
export const replicatedVolumes = `${replicatedDirectory}/volumes`;

/** A node's own copy of all that is in it. On the node's disk: an overlay has none of the attributes that it needs. */
export const brickDirectory = "/var/lib/document-sync/brick";

/**
 * Debian's GlusterFS and what it needs beyond what is installed here, unpacked in the cache; nothing is installed.
 *
 * @returns a directory whose `usr` is to be laid over a node's /usr.
 * @throws CommandFailed if apt can't fetch it.
 */
export async function prepareGluster(report: (line: string) => void): Promise<string> {
    const directoryOf = (packages: readonly string[]) => {
        const key = createHash("sha256").update(JSON.stringify(packages)).digest("hex").slice(0, 16);
        return join(cacheDirectory, "packages", `gluster-${key}`);
    };
    const directory = await unpackWithDependencies(["glusterfs-client"], directoryOf, report);
    await markUsed(directory);
    // A node that uses it is not seen to: one that has run for longer must be started anew.
    await prune(dirname(directory), "gluster", 24 * 7);
    return directory;
}

/** A program of a node, in the foreground, to be started again whenever it has ended. */
export interface GlusterProgram {
    readonly name: string;
    /** Its command line in the node. Its log goes to standard error. */
    readonly command: readonly string[];
    /** What it would wait for in vain or end without, as a condition for bash. */
    readonly needs?: string;
    /** That it is well, as a condition for bash. By default, that it runs. */
    readonly health?: string;
}

/** GlusterFS without its management daemon: what a node's files say is all there is to manage. */
export interface GlusterNode {
    /** Text by name, for the directory `configuration`. */
    readonly files: Readonly<Record<string, string>>;
    readonly programs: readonly GlusterProgram[];
    /** Condition for bash that the file system is mounted and answers, and has its directory of volumes. What uses it, a kubelet, waits for that. */
    readonly mounted: string;
}

/** A program that is started after a line for the shell has been run. */
const after = (line: string, command: readonly string[]) => ["bash", "-c", `${line}; exec "$@"`, "bash", ...command];

/**
 * What makes a node one of those that share a replicated file system, over FUSE.
 *
 * With three nodes it goes on, without an error, when one is lost, and that one is healed when it comes back.
 *
 * @param node this node's own address, one of `addresses`.
 * @param addresses of all nodes, in the same order on each.
 * @param configuration the directory of the files, as the node sees it.
 */
export function glusterPrograms({
    node,
    addresses,
    configuration,
}: {
    readonly node: string;
    readonly addresses: readonly string[];
    readonly configuration: string;
}): GlusterNode {
    const files = {
        "gluster-brick.vol": brickVolume(brickDirectory, node, addresses),
        "gluster-mount.vol": mountVolume(addresses),
        "gluster-heal.vol": healVolume(addresses),
    };
    const start = (program: string, file: keyof typeof files) => [
        program,
        "-f",
        join(configuration, file),
        "--no-daemon",
        "--log-file=-",
        "--log-level=WARNING",
    ];
    const brickListens = `(: < /dev/tcp/${node}/${brickPort}) 2> /dev/null`;
    // Without a quorum of bricks it is mounted, and answers no question.
    const mounted = [
        `grep -q ' ${replicatedDirectory} fuse.glusterfs ' /proc/mounts`,
        `timeout 10 mkdir -p ${replicatedVolumes} 2> /dev/null`,
    ].join(" && ");
    return {
        files,
        programs: [
            {
                name: "gluster-brick",
                command: after(`mkdir -p ${indicesOf(brickDirectory)}`, start("glusterfsd", "gluster-brick.vol")),
                health: brickListens,
            },
            {
                name: "gluster-mount",
                command: after(
                    // One that was killed leaves its mount, which nobody can use.
                    `umount --lazy ${replicatedDirectory} 2> /dev/null; mkdir -p ${replicatedDirectory}`,
                    [
                        ...start("glusterfs", "gluster-mount.vol"),
                        // No node is to believe what another has changed since.
                        "--attribute-timeout=0",
                        "--entry-timeout=0",
                        "--negative-timeout=0",
                        replicatedDirectory,
                    ],
                ),
                needs: brickListens,
                health: mounted,
            },
            {
                name: "gluster-heal",
                // By this name it is known to be no user of the file system.
                command: [...start("glusterfs", "gluster-heal.vol"), "--process-name=glustershd"],
                needs: brickListens,
            },
        ],
        mounted,
    };
}
