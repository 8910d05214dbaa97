import { existsSync } from "node:fs";
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

/** A route as `ip -json route` prints it. */
export interface Route {
    readonly dst: string;
    readonly dev?: string;
}

/**
 * Routes of somebody else's into one of our networks. A wider one, such as a VPN's to all of 10.0.0.0/8, is none: ours is
 * the more exact, and takes away but a sliver of it.
 */
export function conflictingRoutes(routes: readonly Route[]): Route[] {
    return routes.filter(
        ({ dst, dev }) =>
            dst !== "default" &&
            dev !== podNetwork.bridge &&
            [podNetwork.subnet, serviceSubnet].some((subnet) => isWithin(dst, subnet)),
    );
}

const ip = (...args: string[]) => run("ip", "ip", args);

const bridgeExists = () => existsSync(`/sys/class/net/${podNetwork.bridge}`);

/** @throws if this machine already reaches something else at the cluster's addresses. */
export async function checkRoutes(): Promise<void> {
    const [conflict] = conflictingRoutes(JSON.parse(await ip("-json", "-4", "route", "show")) as Route[]);
    if (conflict) {
        throw new Error(
            `this machine has a route to ${conflict.dst}${conflict.dev ? ` by ${conflict.dev}` : ""}: ` +
                `the local cluster needs ${podNetwork.subnet} for pods and ${serviceSubnet} for Services`,
        );
    }
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
