import { existsSync } from "node:fs";
import { mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { run } from "../run";
import { mountsUnder } from "./mounts";
import { endProcesses, findProcesses, type ProcessIdentity } from "./processes";
import { containerdSocket, directories, podNetwork } from "./settings";

/** containerd's configuration file: https://github.com/containerd/containerd/blob/release/1.6/docs/cri/config.md */
export const configurationFile = join(directories.configuration, "containerd.toml");
const networkConfigurations = join(directories.configuration, "cni");
/** Where Debian's containernetworking-plugins puts its programs. */
const networkPlugins = "/usr/lib/cni";

export function containerdConfiguration(sandboxImage: string): string {
    return `version = 2
root = ${JSON.stringify(directories.containerdRoot)}
state = ${JSON.stringify(directories.containerdState)}

[grpc]
address = ${JSON.stringify(containerdSocket)}

[plugins."io.containerd.grpc.v1.cri"]
sandbox_image = ${JSON.stringify(sandboxImage)}
# Without CAP_SYS_RESOURCE, as in many containers, a sandbox could not lower its score and would die of it.
restrict_oom_score_adj = true
netns_mounts_under_state_dir = true

[plugins."io.containerd.grpc.v1.cri".cni]
bin_dir = ${JSON.stringify(networkPlugins)}
conf_dir = ${JSON.stringify(networkConfigurations)}

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc]
runtime_type = "io.containerd.runc.v2"

[plugins."io.containerd.grpc.v1.cri".containerd.runtimes.runc.options]
Root = ${JSON.stringify(join(directories.containerdState, "runc"))}
`;
}

/** How a pod comes into the network: a CNI configuration list (https://www.cni.dev/docs/spec/). */
export function networkConfiguration(): object {
    return {
        cniVersion: "0.4.0",
        name: podNetwork.name,
        plugins: [
            {
                type: "bridge",
                bridge: podNetwork.bridge,
                isGateway: true,
                // A pod may call the Service that it is itself behind.
                hairpinMode: true,
                ipam: {
                    type: "host-local",
                    dataDir: directories.podAddresses,
                    ranges: [[{ subnet: podNetwork.subnet, gateway: podNetwork.gateway }]],
                    routes: [{ dst: "0.0.0.0/0" }],
                },
            },
        ],
    };
}

export async function writeContainerdConfiguration(sandboxImage: string): Promise<void> {
    await mkdir(networkConfigurations, { recursive: true });
    await writeFile(configurationFile, containerdConfiguration(sandboxImage));
    await writeFile(
        join(networkConfigurations, "document-sync.conflist"),
        JSON.stringify(networkConfiguration(), undefined, 4),
    );
}

/** Runs containerd's client, with its output in `.local/logs/ctr.log`. It would wait for ever for a containerd that hangs. */
export function ctr(args: readonly string[], deadlineSeconds = 30): Promise<string> {
    return run("ctr", "ctr", ["--address", containerdSocket, "--namespace", "k8s.io", ...args], { deadlineSeconds });
}

/** Whether containerd answers on its socket. */
export async function containerdAnswers(): Promise<boolean> {
    return (
        existsSync(containerdSocket) &&
        ctr(["version"], 10).then(
            () => true,
            () => false,
        )
    );
}

/** A directory for each container that runs, or that nobody saw end. */
const bundles = join(directories.containerdState, "io.containerd.runtime.v2.task", "k8s.io");

async function idsIn(directory: string): Promise<Set<string>> {
    return new Set(existsSync(directory) ? await readdir(directory) : []);
}

/** Processes inside these containers, whether or not containerd still runs. */
function processesIn(ids: ReadonlySet<string>): Promise<ProcessIdentity[]> {
    // A container's id is part of its cgroup's path.
    return findProcesses("cgroup", (text) => text.split(/[/\n]/).some((segment) => ids.has(segment)));
}

/**
 * Ends every container of this cluster; programs in them have `milliseconds` to end by themselves.
 * The kubelet must not run: it would start them again.
 */
export async function endContainers(milliseconds: number): Promise<void> {
    const all = await idsIn(bundles);
    const sandboxes = await idsIn(join(directories.containerdState, "io.containerd.grpc.v1.cri", "sandboxes"));
    const programs = new Set([...all].filter((id) => !sandboxes.has(id)));
    await endProcesses(await processesIn(programs), milliseconds);
    // A sandbox only holds its pod's namespaces.
    await endProcesses(await processesIn(all), 0);
}

/** Ends what watches over each container. containerd must not run. */
export async function endShims(): Promise<void> {
    const ours = await findProcesses("cmdline", (text) => {
        const args = text.split("\0");
        return args[0].endsWith("containerd-shim-runc-v2") && args.includes(containerdSocket);
    });
    await endProcesses(ours, 2000);
}

/** Shims listen in a directory that all of containerd's users share; one that was killed leaves its socket there. */
async function removeShimSockets(): Promise<void> {
    for (const id of await idsIn(bundles)) {
        const file = join(bundles, id, "address");
        if (existsSync(file)) await rm((await readFile(file, "utf8")).replace(/^unix:\/\//, ""), { force: true });
    }
}

/**
 * Why the state of containers cannot be removed, in a sentence: something is mounted in it, and what is reached through a
 * mount, such as documents, is not the cluster's to remove.
 *
 * @param mountinfo text of a /proc/self/mountinfo.
 */
export function stateConflict(mountinfo: string): string | undefined {
    const [mount] = [directories.containerdState, directories.podAddresses].flatMap((directory) =>
        mountsUnder(directory, mountinfo),
    );
    if (mount === undefined) return undefined;
    return `what containerd remembers of containers is not removed while something is mounted in it: unmount ${mount}`;
}

/** Forgets which containers ran: all of them have ended. @throws if anything is mounted there. */
export async function forgetContainers(): Promise<void> {
    await removeShimSockets();
    const conflict = stateConflict(await readFile("/proc/self/mountinfo", "utf8"));
    if (conflict) throw new Error(conflict);
    await rm(directories.podAddresses, { recursive: true, force: true });
    if (existsSync(directories.containerdState)) {
        await run("rm", "rm", ["--recursive", "--one-file-system", directories.containerdState]);
    }
}
