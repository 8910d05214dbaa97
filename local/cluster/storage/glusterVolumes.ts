/** Of the brick on each node; each node has a network of its own. */
export const brickPort = 24007;

interface Volume {
    readonly name: string;
    readonly type: string;
    readonly options?: Readonly<Record<string, string>>;
    readonly subvolumes?: readonly string[];
}

/** A volume file: a graph of translators, from the bottom to the top. */
function volumeFile(volumes: readonly Volume[]): string {
    const lines = ({ name, type, options = {}, subvolumes = [] }: Volume) => [
        `volume ${name}`,
        `    type ${type}`,
        ...Object.entries(options).map(([option, value]) => `    option ${option} ${value}`),
        ...(subvolumes.length > 0 ? [`    subvolumes ${subvolumes.join(" ")}`] : []),
        "end-volume",
        "",
    ];
    return volumes.flatMap(lines).join("\n");
}

/** What clients attach to on a brick: the top of its graph, below the protocol. */
const attachedVolume = "index";

/** Each client writes on the others' bricks what this one has missed, under this name. */
const replicaName = (index: number) => `replica-${index + 1}`;

/** Made before a brick is first started; glusterd would do that. */
export const indicesOf = (brick: string) => `${brick}/.glusterfs/indices`;

/**
 * The volume file of a brick: a directory that clients reach by the network.
 *
 * @param brick the directory, on a file system with extended attributes.
 * @param node the address to listen at.
 * @param addresses of those that may attach: all nodes, and no pod.
 */
export function brickVolume(brick: string, node: string, addresses: readonly string[]): string {
    return volumeFile([
        {
            name: "posix",
            type: "storage/posix",
            // What says where a file is would be an attribute for each of its names, of which ext4 has room for some 40.
            options: { directory: brick, gfid2path: "off" },
        },
        { name: "locks", type: "features/locks", subvolumes: ["posix"] },
        { name: "threads", type: "performance/io-threads", subvolumes: ["locks"] },
        {
            // Remembers what a brick that is away has missed, so that the self-heal daemon finds it without reading all.
            name: attachedVolume,
            type: "features/index",
            options: {
                "index-base": indicesOf(brick),
                "xattrop-dirty-watchlist": "trusted.afr.dirty",
                "xattrop-pending-watchlist": "trusted.afr.replica-",
            },
            subvolumes: ["threads"],
        },
        {
            name: "server",
            type: "protocol/server",
            options: {
                "transport-type": "tcp",
                "transport.socket.bind-address": node,
                "transport.socket.listen-port": String(brickPort),
                // A node that lost its power says no goodbye, and its locks hold up the others and the healing: 42 s by default.
                "transport.tcp-user-timeout": "10",
                [`auth.addr.${attachedVolume}.allow`]: addresses.join(","),
            },
            subvolumes: [attachedVolume],
        },
    ]);
}

/** Clients of all bricks, and what makes one file system of them. */
function replicas(addresses: readonly string[], options: Readonly<Record<string, string>>): Volume[] {
    const names = addresses.map((_, index) => replicaName(index));
    return [
        ...addresses.map((address, index) => ({
            name: replicaName(index),
            type: "protocol/client",
            options: {
                "transport-type": "tcp",
                "remote-host": address,
                "remote-port": String(brickPort),
                "remote-subvolume": attachedVolume,
                // Seconds without an answer after which the others go on alone, and for which all of them wait: 42 by default.
                "ping-timeout": "5",
            },
        })),
        {
            name: "replicas",
            type: "cluster/replicate",
            options: {
                "afr-pending-xattr": names.join(","),
                // More than half of the bricks, or there are no writes: no two halves go their own ways.
                "quorum-type": "auto",
                "self-heal-daemon": "on",
                ...options,
            },
            subvolumes: names,
        },
    ];
}

/** The volume file of the mount: one file system over the bricks at these addresses, the same on every node. */
export function mountVolume(addresses: readonly string[]): string {
    return volumeFile(replicas(addresses, {}));
}

/** The volume file of the self-heal daemon, which brings the node's own brick's changes to a brick that has missed them. */
export function healVolume(addresses: readonly string[]): string {
    return volumeFile([
        ...replicas(addresses, {
            "iam-self-heal-daemon": "yes",
            "data-self-heal": "on",
            "metadata-self-heal": "on",
            "entry-self-heal": "on",
            // Seconds after which it looks again for what could not be healed at once: 600 by default.
            "heal-timeout": "10",
        }),
        { name: "glustershd", type: "debug/io-stats", subvolumes: ["replicas"] },
    ]);
}
