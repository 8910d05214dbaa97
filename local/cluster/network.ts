import { existsSync, readFileSync } from "node:fs";
import { networkInterfaces } from "node:os";
import { run } from "../run";
import { podNetwork, serviceSubnet } from "./settings";

/** An IPv4 network as its first and last address. */
function range(cidr: string): { first: number; last: number } {
    const [address, length = "32"] = cidr.split("/");
    const size = 2 ** (32 - Number(length));
    const number = address.split(".").reduce((sum, byte) => sum * 256 + Number(byte), 0);
    const first = number - (number % size);
    return { first, last: first + size - 1 };
}

/** Whether every address of `inner` is one of `outer`. */
export function isWithin(inner: string, outer: string): boolean {
    const [a, b] = [range(inner), range(outer)];
    return a.first >= b.first && a.last <= b.last;
}

/** An address, or a network in CIDR notation, that this machine reaches by a device. */
export interface Route {
    readonly dst: string;
    readonly dev: string;
}

/** The routes in the text of a /proc/net/route (proc(5)): addresses and masks are hexadecimal, their last byte first. */
export function parseRoutes(table: string): Route[] {
    const bytes = (hexadecimal: string) => [...Buffer.from(hexadecimal, "hex")].reverse();
    const rows = table.trim().split("\n").slice(1);
    return rows.map((row) => {
        const [dev, destination, , , , , , mask] = row.split(/\s+/);
        const ones = bytes(mask)
            .map((byte) => byte.toString(2))
            .join("")
            .replaceAll("0", "").length;
        return { dev, dst: `${bytes(destination).join(".")}/${ones}` };
    });
}

function readRoutes(): Route[] {
    const addresses = Object.entries(networkInterfaces()).flatMap(([dev, list = []]) =>
        list.filter(({ family }) => family === "IPv4").map(({ address }) => ({ dst: address, dev })),
    );
    return [...parseRoutes(readFileSync("/proc/net/route", "utf8")), ...addresses];
}

/**
 * Routes of somebody else's into one of our networks. A wider one, such as a VPN's to all of 10.0.0.0/8, is none: ours is
 * the more exact, and takes away but a sliver of it.
 */
export function conflictingRoutes(routes: readonly Route[]): Route[] {
    return routes.filter(
        ({ dst, dev }) =>
            dev !== podNetwork.bridge && [podNetwork.subnet, serviceSubnet].some((subnet) => isWithin(dst, subnet)),
    );
}

const ip = (...args: string[]) => run("ip", "ip", args, { deadlineSeconds: 10 });

export const bridgeExists = () => existsSync(`/sys/class/net/${podNetwork.bridge}`);

/** What this machine already reaches at the cluster's addresses: a sentence, or none. */
export function networkConflicts(routes = readRoutes()): string[] {
    const conflicts = conflictingRoutes(routes).map(({ dst, dev }) => `${dst} by ${dev}`);
    if (conflicts.length === 0) return [];
    return [
        `the local cluster needs ${podNetwork.subnet} for pods and ${serviceSubnet} for Services, but this machine ` +
            `reaches ${conflicts.join(", ")}`,
    ];
}

/** Makes the bridge before any pod does, because the cluster's DNS listens on its address. */
export async function addBridge(): Promise<void> {
    const { bridge, gateway, prefixLength } = podNetwork;
    // With an address of its own: a bridge otherwise takes that of its pods in turn, and their neighbour tables grow stale.
    await ip("link", "add", "name", bridge, "address", "02:64:73:79:6e:63", "type", "bridge");
    await ip("address", "add", `${gateway}/${prefixLength}`, "dev", bridge);
    await ip("link", "set", bridge, "up");
}

/** Takes the bridge away and the pods' ends of it. */
export async function removeBridge(): Promise<void> {
    if (!bridgeExists()) return;
    const ports = JSON.parse(await ip("-json", "link", "show", "master", podNetwork.bridge)) as { ifname?: string }[];
    for (const { ifname } of ports) {
        if (!ifname) continue;
        await ip("link", "delete", ifname).catch((error: unknown) => {
            // The kernel itself takes it away with its pod's network namespace, some time after the pod has ended.
            if (existsSync(`/sys/class/net/${ifname}`)) throw error;
        });
    }
    await ip("link", "delete", podNetwork.bridge);
}
