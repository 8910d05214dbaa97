import { isIPv6 } from "node:net";
import type { BoundFlag, Bounds } from "./bounds";

/** How many things of one kind there may be, in all and from one address. */
export class Quota {
    readonly #byAddress = new Map<string, number>();
    #total = 0;

    constructor(
        private readonly bounds: Bounds,
        private readonly inAll: BoundFlag,
        private readonly perAddress: BoundFlag,
    ) {}

    /** Takes one, unless there are as many as may be. @returns the flag that refuses it, as it is set. */
    take(address: string): string | undefined {
        const source = sourceOf(address);
        const fromThere = this.#byAddress.get(source) ?? 0;
        if (this.#total >= this.bounds.limit(this.inAll)) {
            return this.bounds.refuse(this.inAll);
        }
        if (fromThere >= this.bounds.limit(this.perAddress)) {
            return this.bounds.refuse(this.perAddress);
        }
        this.#total++;
        this.#byAddress.set(source, fromThere + 1);
        return undefined;
    }

    /** Gives one back that was taken from this address. */
    release(address: string): void {
        const source = sourceOf(address);
        const left = (this.#byAddress.get(source) ?? 0) - 1;
        this.#total--;
        if (left > 0) {
            this.#byAddress.set(source, left);
        } else {
            this.#byAddress.delete(source);
        }
    }
}

/** Whoever has an IPv6 address has its whole network of 64 bits, so that counts as one. */
function sourceOf(address: string): string {
    const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address);
    if (mapped?.[1] || !isIPv6(address)) {
        return mapped?.[1] ?? address;
    }
    const [head = "", tail] = address.replace(/%.*$/, "").split("::");
    const groups = head === "" ? [] : head.split(":");
    const missing = tail === undefined ? 0 : 8 - groups.length - (tail === "" ? 0 : tail.split(":").length);
    const all = [...groups, ...Array<string>(missing).fill("0"), ...(tail ? tail.split(":") : [])];
    return all
        .slice(0, 4)
        .map((group) => parseInt(group, 16).toString(16))
        .join(":");
}
