import { spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { clusterBox } from "../../../local/cluster/settings";
import { machine as paths } from "../../../local/machine/paths";
import { buildTool } from "../../../local/artifacts/toolchain/build";
import { TestMachine, type Result } from "../testMachine";
import type { Manifest } from "./manifests";
import { Probe, probeArguments } from "./probe";

/** Where a probe can be: in a pod, or in the network of a node, of the box that the nodes are in, or of the machine. */
export type Place =
    { readonly namespace: string; readonly pod: string } | { readonly node: string } | "box" | "machine";

/** A cluster of several nodes in a machine of the tests' own. */
export class TestCluster {
    readonly #probes: Probe[] = [];
    readonly #directory = mkdtempSync(join(tmpdir(), "document-sync-nodes-"));

    private constructor(
        readonly machine: TestMachine,
        readonly kubernetes: string,
    ) {}

    /** A machine on which no cluster runs yet. */
    static async make(): Promise<TestCluster> {
        const kubernetes = await buildTool("kubernetes", () => undefined);
        return new TestCluster(await TestMachine.start(), kubernetes);
    }

    async #command(...args: string[]): Promise<number> {
        const script = join("test", "machine", "several-nodes", "command.ts");
        const said = await this.machine.mustRun(process.execPath, ["--import", "tsx", script, ...args]);
        return Number(said.trim().split("\n").at(-1));
    }

    /** Starts the cluster as npm start does. @returns the seconds until it was up, without the image of the tests' pods. */
    start(nodes?: number): Promise<number> {
        return this.#command("start", ...(nodes === undefined ? [] : [String(nodes)]));
    }

    /** Stops it as npm stop does. @returns how many seconds it took. */
    stop(): Promise<number> {
        return this.#command("stop");
    }

    /** What kubectl prints. @throws if it fails. */
    kubectl(...args: string[]): Promise<string> {
        return this.machine.mustRun(this.kubernetes, ["kubectl", ...args], { env: { KUBECONFIG: paths.kubeconfig } });
    }

    /** Objects as the API server has them. */
    async list<T>(...args: string[]): Promise<T[]> {
        return (JSON.parse(await this.kubectl("get", ...args, "--output", "json")) as { items: T[] }).items;
    }

    async apply(...manifests: readonly Manifest[]): Promise<void> {
        const file = join(this.#directory, "manifests.json");
        writeFileSync(file, JSON.stringify({ apiVersion: "v1", kind: "List", items: manifests }));
        await this.kubectl("apply", "--filename", file);
    }

    /** Waits until pods are ready. @param args which ones, as kubectl takes them. */
    async waitForPods(...args: string[]): Promise<void> {
        await this.kubectl("wait", "--for=condition=Ready", "--timeout=90s", "pods", ...args);
    }

    /** `npm run -s node -- …`, in this clone. */
    node(...args: string[]): Promise<Result> {
        return this.machine.run("npm", ["run", "--silent", "node", "--", ...args]);
    }

    /** Runs lines of shell in a node. */
    inNode(node: string, script: string): Promise<string> {
        return this.machine.mustRun("bash", ["-ec", script], { cwd: "/", box: join(clusterBox, node) });
    }

    /** The first process of a node or, without one, of the box that the nodes are in, as the real machine counts. */
    firstProcess(node = ""): number {
        const pid = this.machine.firstProcessOf(join(clusterBox, node));
        if (pid === undefined) throw new Error(`There is no box of ${node || "the cluster"}.`);
        return pid;
    }

    probe(place: Place): Probe {
        const probe = new Probe(JSON.stringify(place), this.#spawnIn(place));
        this.#probes.push(probe);
        return probe;
    }

    #spawnIn(place: Place) {
        const program = [process.execPath, ...probeArguments()];
        if (place === "machine") return this.machine.spawn(program[0], program.slice(1), { stdin: "pipe" });
        if (place === "box" || "node" in place) {
            const pid = this.firstProcess(place === "box" ? undefined : place.node);
            // Of the real machine's files, among which this Node.js is; it ends with its input.
            return spawn("nsenter", [`--net=/proc/${pid}/ns/net`, ...program]);
        }
        const exec = ["kubectl", "exec", "--stdin", "--namespace", place.namespace, place.pod, "--"];
        return this.machine.spawn(this.kubernetes, [...exec, "node", ...probeArguments()], {
            env: { KUBECONFIG: paths.kubeconfig },
            stdin: "pipe",
        });
    }

    /** Removes the namespaces that a spec has made, with all that is in them, and ends its probes. */
    async clear(): Promise<void> {
        for (const probe of this.#probes.splice(0)) probe.end();
        const named = (await this.kubectl("get", "namespaces", "--output", "name")).trim().split("\n");
        const made = named.filter((name) => !/^namespace\/(default|kube-.*)$/.test(name));
        if (made.length === 0) return;
        const pods = ["pods", "--all-namespaces", "--all", "--force", "--grace-period=0"];
        await this.kubectl("delete", ...pods);
        await this.kubectl("delete", ...made, "--timeout=90s");
    }

    /** Ends it with its machine. */
    async end(): Promise<void> {
        await this.machine.end();
        rmSync(this.#directory, { recursive: true, force: true });
    }
}
