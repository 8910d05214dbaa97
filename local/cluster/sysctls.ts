import { readdirSync, readFileSync, realpathSync, writeFileSync } from "node:fs";
import { podNetwork } from "./settings";

/** Values by name. */
export type Sysctls = Readonly<Record<string, string>>;

const forwarding = "net.ipv4.ip_forward";

/** What the kubelet, kube-proxy and the bridge plugin set for the whole machine, and to what. */
const valuesOfCluster: Sysctls = {
    "kernel.keys.root_maxbytes": "25000000",
    "kernel.keys.root_maxkeys": "1000000",
    "kernel.panic": "10",
    "kernel.panic_on_oops": "1",
    "net.ipv4.conf.all.route_localnet": "1",
    [forwarding]: "1",
    "vm.overcommit_memory": "1",
    "vm.panic_on_oom": "0",
};

/** Names of devices may hold dots: where one is part of a name, slashes are between its parts. */
const pathOf = (name: string) => `/proc/sys/${name.includes("/") ? name : name.replaceAll(".", "/")}`;

const read = (name: string) => readFileSync(pathOf(name), "utf8").trim();

/**
 * What the kernel changes when forwarding is switched on or off (ip-sysctl.rst of its documentation): to what, when the
 * cluster switched it on.
 */
function valuesOfForwarding(): Sysctls {
    const conf = "net/ipv4/conf";
    return {
        ...Object.fromEntries(readdirSync(`/proc/sys/${conf}`).map((device) => [`${conf}/${device}/forwarding`, "1"])),
        [`${conf}/all/accept_redirects`]: "0",
    };
}

/** The machine's own values. */
export function readSysctls(): Sysctls {
    const names = Object.keys({ ...valuesOfCluster, ...valuesOfForwarding() });
    return Object.fromEntries(
        names.flatMap((name) => {
            try {
                return [[name, read(name)] as const];
            } catch {
                // Not of this kernel, or of a device that was taken away meanwhile.
                return [];
            }
        }),
    );
}

/** Names of the network devices that are made of software, such as bridges and tunnels, but for the cluster's own. */
export function listVirtualDevices(): string[] {
    const devices = "/sys/class/net";
    return readdirSync(devices).filter((name) => {
        if (name === podNetwork.bridge) return false;
        try {
            return realpathSync(`${devices}/${name}`).startsWith("/sys/devices/virtual/");
        } catch {
            // It was taken away meanwhile.
            return false;
        }
    });
}

/**
 * What is to be written to have the machine's own values again: those that differ from what the cluster set them to were
 * changed by somebody else meanwhile, and stay.
 */
export function toRestore(before: Sysctls, now: Sysctls, values = valuesOfCluster): [name: string, value: string][] {
    return Object.entries(before).filter(([name, value]) => now[name] === values[name] && now[name] !== value);
}

/** Switches forwarding off, and nothing else that others have set. */
function restoreForwarding(value: string, before: Sysctls): void {
    const values = valuesOfForwarding();
    const now = readSysctls();
    const own = { ...now, ...Object.fromEntries(toRestore(before, now, values)) };
    writeFileSync(pathOf(forwarding), value);
    const after = readSysctls();
    for (const name of Object.keys(values)) {
        // A device that the cluster has not seen keeps what the kernel gives it.
        if (name in before && name in after && after[name] !== own[name]) writeFileSync(pathOf(name), own[name]);
    }
}

/**
 * Puts the machine's own values back. Packets go on being forwarded if somebody has made a network device since that may
 * live on it.
 *
 * @returns what stays otherwise, a sentence each.
 */
export function restoreSysctls(before: Sysctls, devicesBefore: readonly string[]): string[] {
    const newDevices = listVirtualDevices().filter((name) => !devicesBefore.includes(name));
    const notes: string[] = [];
    for (const [name, value] of toRestore(before, readSysctls())) {
        if (name !== forwarding) writeFileSync(pathOf(name), value);
        else if (newDevices.length === 0) restoreForwarding(value, before);
        else {
            notes.push(
                `${name} stays 1, which the cluster set (it was ${value}): ${newDevices.join(", ")} came meanwhile and may need it`,
            );
        }
    }
    return notes;
}

/** Said where nobody knows the machine's own values any more. */
export function unknownSysctls(): string {
    const set = Object.entries(readSysctls()).filter(([name, value]) => valuesOfCluster[name] === value);
    return (
        "what the machine was like before the cluster started was written down and cannot be read any more, so these stay as " +
        `the cluster set them, until a reboot: ${set.map(([name, value]) => `${name}=${value}`).join(", ")}`
    );
}
