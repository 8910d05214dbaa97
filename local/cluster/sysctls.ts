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
    if (!existsSync(file)) return undefined;
    const recorded = JSON.parse(await readFile(file, "utf8")) as Recorded;
    return recorded.bootId === bootId() ? recorded : undefined;
}

/** Whether this machine has been changed by a cluster of ours since it booted, and not been put back. */
export async function sysctlsAreRecorded(): Promise<boolean> {
    return (await read()) !== undefined;
}

/** Writes down the machine's own values, unless they are from before a start that was never stopped. */
export async function recordSysctls(): Promise<void> {
    if (await read()) return;
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
    const recorded = await read();
    for (const [name, value] of Object.entries(recorded?.values ?? {})) await writeFile(pathOf(name), value);
    await rm(file, { force: true });
}
