import { existsSync } from "node:fs";
import { readFile, rename, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { machine } from "../paths";
import { bootId } from "./processes";

/** What the kubelet, kube-proxy and the bridge plugin set for the whole machine. */
const names = [
    "kernel.keys.root_maxbytes",
    "kernel.keys.root_maxkeys",
    "kernel.panic",
    "kernel.panic_on_oops",
    "net.ipv4.conf.all.route_localnet",
    "net.ipv4.ip_forward",
    "vm.overcommit_memory",
    "vm.panic_on_oom",
] as const;

interface Recorded {
    /** A reboot sets everything back by itself. */
    readonly bootId: string;
    readonly values: Readonly<Record<string, string>>;
}

const file = join(machine.cluster, "sysctls.json");

const pathOf = (name: string) => `/proc/sys/${name.replaceAll(".", "/")}`;

async function read(): Promise<Recorded | undefined> {
    return existsSync(file) ? (JSON.parse(await readFile(file, "utf8")) as Recorded) : undefined;
}

/** How long ago a cluster was started that has not been stopped: what it left in the kernel goes with a reboot. */
export async function unstopped(): Promise<"since boot" | "before boot" | undefined> {
    const recorded = await read();
    return recorded && (recorded.bootId === bootId() ? "since boot" : "before boot");
}

/** Writes down the machine's own values. */
export async function recordSysctls(): Promise<void> {
    const values = Object.fromEntries(
        await Promise.all(
            names
                .filter((name) => existsSync(pathOf(name)))
                .map(async (name) => [name, (await readFile(pathOf(name), "utf8")).trim()] as const),
        ),
    );
    const recorded: Recorded = { bootId: bootId(), values };
    await writeFile(`${file}.new`, `${JSON.stringify(recorded, undefined, 4)}\n`);
    await rename(`${file}.new`, file);
}

/** Puts the machine's own values back. */
export async function restoreSysctls(): Promise<void> {
    for (const [name, value] of Object.entries((await read())?.values ?? {})) await writeFile(pathOf(name), value);
}

export async function forgetSysctls(): Promise<void> {
    await rm(file, { force: true });
}
