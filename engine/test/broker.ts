import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

const repositoryRoot = join(__dirname, "../..");
/** Of every user. It shows in no log: the tests look. */
export const password = "not-in-any-log";

/** A real RabbitMQ on 127.0.0.1, which comes back on the same port. Needs root, as its command says. */
export class TestBroker {
    /** Of the engines' user, who may do what engines do. */
    readonly loginDirectory: string;
    /** Of a user called operator, who may do anything. */
    readonly operatorDirectory: string;
    #child: ChildProcess | undefined;

    private constructor(
        readonly port: number,
        private readonly directory: string,
    ) {
        this.loginDirectory = join(directory, "login");
        this.operatorDirectory = join(directory, "operator");
    }

    static async create(): Promise<TestBroker> {
        const directory = await mkdtemp(join(tmpdir(), "document-sync-broker-"));
        const broker = new TestBroker(await freePort(), directory);
        for (const [path, username] of [
            [broker.loginDirectory, "engine"],
            [broker.operatorDirectory, "operator"],
        ] as const) {
            await mkdir(path, { recursive: true });
            await writeFile(join(path, "username"), username);
            await writeFile(join(path, "password"), `${password}\n`);
        }
        return broker;
    }

    /** The flags of an engine that uses this broker. */
    get flags(): string[] {
        return ["UseEventBus=1", `RabbitHost=127.0.0.1:${this.port}`, `RabbitLoginPath=${this.loginDirectory}`];
    }

    /** The flags of one that logs in as the operator, and so may make the exchange. */
    get operatorFlags(): string[] {
        return this.flags.map((flag) => flag.replace(this.loginDirectory, this.operatorDirectory));
    }

    async start(): Promise<void> {
        const options = [
            "--port",
            `${this.port}`,
            "--data",
            join(this.directory, "data"),
            "--login",
            this.loginDirectory,
            "--operator",
            this.operatorDirectory,
        ];
        const command = ["--import", "tsx", join(repositoryRoot, "local/artifacts/images/runBroker.ts"), ...options];
        const child = spawn(process.execPath, command, { cwd: repositoryRoot, stdio: ["ignore", "pipe", "pipe"] });
        this.#child = child;
        const errors: string[] = [];
        createInterface({ input: child.stderr }).on("line", (line) => errors.push(line));
        const ready = new Promise<void>((resolve) =>
            createInterface({ input: child.stdout }).on("line", (line) => line === "ready" && resolve()),
        );
        const ended = once(child, "exit").then(() => {
            throw new Error(`The broker did not start: ${errors.join("\n")}`);
        });
        await Promise.race([ready, ended]);
        ended.catch(() => undefined);
    }

    /** As a machine's end would: no goodbye to anyone. */
    async kill(): Promise<void> {
        const child = this.#child;
        this.#child = undefined;
        if (child && child.exitCode === null) {
            const exit = once(child, "exit");
            child.kill("SIGKILL");
            await exit;
        }
    }

    /** Ends it and removes what it kept. */
    async remove(): Promise<void> {
        await this.kill();
        await rm(this.directory, { recursive: true, force: true });
    }
}

export async function freePort(): Promise<number> {
    const server = createServer().listen(0, "127.0.0.1");
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, "close");
    return port;
}
