import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { chmodSync, mkdirSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { setTimeout as sleep } from "node:timers/promises";
import { Broker } from "../../../components/broker";
import { buildRoot } from "../../../local/artifacts/images/rootFileSystem";
import { inputsOf, installMocks, settled, unwrapSecret } from "../../unit/mocks";
import { freePort } from "../../../engine/test/broker";

/** What the program declares of the broker, on this machine: its own configuration and environment, at ports that are free. */
export class BrokerPod {
    readonly #log: string[] = [];
    readonly #answers: string[] = [];
    #child: ChildProcess | undefined;

    private constructor(
        /** Port of AMQP. */
        readonly port: number,
        /** Ports of Erlang's port mapper and of its distribution. */
        readonly nodePorts: readonly [number, number],
        readonly username: string,
        readonly password: string,
    ) {}

    /** What the broker logged. */
    get log(): string {
        return this.#log.join("\n");
    }

    /** @param directory an empty one, for its configuration. */
    static async start(directory: string): Promise<BrokerPod> {
        const root = await buildRoot("broker", (line) => process.stderr.write(`${line}\n`));
        await installMocks();
        const args = { namespace: "ns", image: "i", clientName: "e", pullSecrets: [], timeoutSeconds: 1 };
        await settled(new Broker("broker", args));
        const login = unwrapSecret(inputsOf("Secret", "broker-login").stringData) as Record<string, string>;
        const conf = join(directory, "conf.d");
        mkdirSync(conf);
        const files = {
            "10-broker.conf": inputsOf("ConfigMap", "broker").data["broker.conf"],
            "definitions.json": login["definitions.json"],
        };
        for (const [name, text] of Object.entries(files)) writeFileSync(join(conf, name), text);
        for (const path of [directory, conf]) chmodSync(path, 0o755);

        const [amqp, mapper, distribution] = [await freePort(), await freePort(), await freePort()];
        const [container] = inputsOf("StatefulSet", "broker").spec.template.spec.containers;
        const environment = [
            ...container.env.map(({ name, value }) => `${name}=${value}`),
            // Beside whatever else runs on this machine. AMQP is for the machine alone, as long as the test runs.
            ...["RABBITMQ_NODE_IP_ADDRESS=127.0.0.1", `RABBITMQ_NODE_PORT=${amqp}`],
            ...[`ERL_EPMD_PORT=${mapper}`, `RABBITMQ_DIST_PORT=${distribution}`],
        ];
        const pod = new BrokerPod(amqp, [mapper, distribution], login.username, login.password);
        await pod.#run(root, conf, environment);
        return pod;
    }

    /** Runs a command in the pod. @returns what it wrote. */
    async exec(command: string): Promise<string> {
        this.#child?.stdin?.write(`${command}\n`);
        await this.#until(`"${command}" has ended`, () => this.#answers.includes(`done: ${command}`));
        return this.#answers.splice(0).slice(0, -1).join("\n");
    }

    /** Local addresses and ports that its processes listen on, as the kernel writes them. */
    listening(): string[] {
        const processes = tree(this.#child?.pid ?? 0);
        const sockets = new Set(processes.flatMap(socketsOf));
        return ["tcp", "tcp6"].flatMap((family) =>
            readFileSync(`/proc/net/${family}`, "utf8")
                .trim()
                .split("\n")
                .slice(1)
                .map((line) => line.trim().split(/\s+/))
                .filter((columns) => columns[3] === "0A" && sockets.has(columns[9]))
                .map((columns) => columns[1]),
        );
    }

    async stop(): Promise<void> {
        const child = this.#child;
        if (child && child.exitCode === null && child.signalCode === null) {
            const exit = once(child, "exit");
            child.kill("SIGKILL");
            await exit;
        }
    }

    async #run(root: string, conf: string, environment: readonly string[]): Promise<void> {
        const unshare = ["unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child"];
        const script = join(__dirname, "brokerPod.sh");
        const child = spawn("setpriv", ["--pdeathsig=KILL", ...unshare, "sh", script, root, conf, ...environment]);
        this.#child = child;
        createInterface({ input: child.stdout }).on("line", (line) => this.#answers.push(line));
        createInterface({ input: child.stderr }).on("line", (line) => this.#log.push(line));
        await this.#until("the broker has started", () => /Server startup complete/.test(this.log));
    }

    async #until(what: string, condition: () => boolean): Promise<void> {
        const deadline = Date.now() + 60_000;
        while (!condition()) {
            if (this.#child?.exitCode !== null || Date.now() > deadline) {
                throw new Error(`Not within a minute: ${what}. Its log:\n${this.log}`);
            }
            await sleep(50);
        }
    }
}

/** The process and all that it started; what has ended meanwhile has no children. */
export function tree(pid: number): number[] {
    const children = unlessGone(() => readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8")) ?? "";
    const pids = children.trim().split(" ").filter(Boolean).map(Number);
    return [pid, ...pids.flatMap(tree)];
}

/** Numbers of the sockets that a process has open; none if it has ended meanwhile. */
export function socketsOf(pid: number): string[] {
    const names = unlessGone(() => readdirSync(`/proc/${pid}/fd`)) ?? [];
    return names.flatMap((name) => {
        const target = unlessGone(() => readlinkSync(`/proc/${pid}/fd/${name}`)) ?? "";
        return /^socket:\[(\d+)\]$/.exec(target)?.[1] ?? [];
    });
}

/** Processes of the broker come and go, and so do their files. @returns undefined for one that is gone. */
function unlessGone<T>(read: () => T): T | undefined {
    try {
        return read();
    } catch (error) {
        // The latter while a process ends.
        if (["ENOENT", "ESRCH"].includes((error as NodeJS.ErrnoException).code ?? "")) return undefined;
        throw error;
    }
}
