import { expect } from "chai";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
    existsSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    readlinkSync,
    rmSync,
    writeFileSync,
} from "node:fs";
import { type AddressInfo, createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { Connection } from "rabbitmq-client";
import { until } from "../../../engine/test/until";
import { projectDirectory } from "../../../local/machine/paths";
import { buildRoot } from "../../../local/artifacts/images/rootFileSystem";
import { freePort } from "../../../engine/test/broker";

interface Broker {
    readonly process: ChildProcess;
    readonly port: number;
    readonly data: string;
}

const command = ["--import", "tsx", join(projectDirectory, "local/artifacts/images/runBroker.ts")];

/** A process and all that it started, with the start time that tells it from a later one with the same number. */
function processTree(pid: number): string[] {
    const started = startOf(pid);
    if (started === undefined) return [];
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ").filter(Boolean);
    return [`${pid} ${started}`, ...children.flatMap((child) => processTree(Number(child)))];
}

/** Start time of a process, in clock ticks since boot; `undefined` for one that has ended. */
function startOf(pid: number): string | undefined {
    try {
        const [state, ...rest] = readFileSync(`/proc/${pid}/stat`, "utf8")
            .replace(/^.*\) /s, "")
            .split(" ");
        return state === "Z" ? undefined : rest[18];
    } catch {
        return undefined;
    }
}

function isRunning(process: string): boolean {
    const [pid, started] = process.split(" ");
    return startOf(Number(pid)) === started;
}

/** Local addresses, as the kernel writes them in hexadecimal, that these processes listen on. */
function listeningAddresses(processes: readonly string[]): string[] {
    const sockets = new Set(
        processes.flatMap((process) => {
            const descriptors = `/proc/${process.split(" ")[0]}/fd`;
            return readdirSync(descriptors).map((name) => {
                try {
                    return readlinkSync(join(descriptors, name));
                } catch {
                    return "closed meanwhile";
                }
            });
        }),
    );
    return ["tcp", "tcp6"].flatMap((family) =>
        readFileSync(`/proc/net/${family}`, "utf8")
            .trim()
            .split("\n")
            .slice(1)
            .map((line) => line.trim().split(/\s+/))
            .filter((columns) => columns[3] === "0A" && sockets.has(`socket:[${columns[9]}]`))
            .map((columns) => columns[1]),
    );
}

describe("runBroker", function () {
    this.timeout(60_000);

    const directory = mkdtempSync(join(tmpdir(), "broker-test-"));
    const login = join(directory, "login");
    const username = "tester";
    // With what a configuration file would take for a comment or a quote.
    const password = `p#a'ss" ${Math.random()}`;
    const started: ChildProcess[] = [];
    const connections: Connection[] = [];

    function setLogin(user: string, secret: string, at = login): void {
        mkdirSync(at, { recursive: true });
        writeFileSync(join(at, "username"), user);
        writeFileSync(join(at, "password"), secret, { mode: 0o600 });
    }

    async function startBroker(name: string, ...more: string[]): Promise<Broker> {
        const port = await freePort();
        const data = join(directory, name);
        const args = [...command, "--port", String(port), "--data", data, "--login", login, ...more];
        const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "inherit"] });
        started.push(child);
        const lines = createInterface({ input: child.stdout });
        const [first] = (await Promise.race([once(lines, "line"), once(child, "exit")])) as unknown[];
        expect(first, `first line of the broker's output, or its exit code; log: ${data}/broker.log`).to.equal("ready");
        return { process: child, port, data };
    }

    async function connectTo(broker: Broker, secret = password, user = username): Promise<Connection> {
        const connection = new Connection({
            hostname: "127.0.0.1",
            port: broker.port,
            username: user,
            password: secret,
        });
        connections.push(connection);
        await new Promise((resolve, reject) => connection.once("connection", resolve).once("error", reject));
        return connection;
    }

    async function end(broker: Broker, signal: NodeJS.Signals): Promise<void> {
        const exited = once(broker.process, "exit");
        broker.process.kill(signal);
        await exited;
    }

    before("make the root file system, if this is the first run", async function () {
        this.timeout(300_000);
        setLogin(username, password);
        await buildRoot("broker", (line) => process.stderr.write(`${line}\n`));
    });

    after(async () => {
        // They would try again for ever.
        for (const connection of connections) connection.unsafeDestroy();
        for (const child of started) {
            if (child.exitCode !== null || child.signalCode !== null) continue;
            child.kill("SIGKILL");
            await once(child, "exit");
        }
        rmSync(directory, { recursive: true, force: true });
    });

    describe("two at once", () => {
        let brokers: Broker[];
        before(async () => (brokers = await Promise.all([startBroker("one"), startBroker("two")])));

        it("are brokers of their own", async () => {
            const [first, second] = await Promise.all(brokers.map((broker) => connectTo(broker)));
            await first.queueDeclare({ queue: "document-sync.engine.only-on-one" });
            expect(
                (await first.queueDeclare({ queue: "document-sync.engine.only-on-one", passive: true })).queue,
            ).to.equal("document-sync.engine.only-on-one");
            const elsewhere = await second
                .queueDeclare({ queue: "document-sync.engine.only-on-one", passive: true })
                .catch(String);
            expect(elsewhere).to.match(/NOT_FOUND/);
            await Promise.all([first.close(), second.close()]);
        });

        it("let in nobody with another password", async () => {
            const refusal = await connectTo(brokers[0], `${password}x`).catch(String);
            expect(refusal).to.match(/ACCESS_REFUSED/);
        });

        it("listen on their one port of 127.0.0.1 and on nothing else", () => {
            for (const { process, port } of brokers) {
                const expected = `0100007F:${port.toString(16).toUpperCase().padStart(4, "0")}`;
                expect(listeningAddresses(processTree(process.pid!))).to.deep.equal([expected]);
            }
        });

        it("show the password in no argument, environment, log or file", () => {
            for (const { process, data } of brokers) {
                const processes = processTree(process.pid!);
                expect(processes.length).to.be.greaterThan(3);
                for (const pid of processes.map((entry) => entry.split(" ")[0])) {
                    expect(readFileSync(`/proc/${pid}/cmdline`, "utf8")).not.to.contain(password);
                    expect(readFileSync(`/proc/${pid}/environ`, "utf8")).not.to.contain(password);
                }
                const found = spawnSync("grep", [
                    "--recursive",
                    "--fixed-strings",
                    "--files-with-matches",
                    password,
                    data,
                ]);
                expect(found.stdout.toString()).to.equal("");
                // 1: grep has read everything and found nothing.
                expect(found.status).to.equal(1);
            }
        });

        for (const [index, signal] of (["SIGTERM", "SIGKILL"] as const).entries()) {
            it(`leave no process and no mount after ${signal}`, async () => {
                const broker = brokers[index];
                const processes = processTree(broker.process.pid!);
                expect(processes.length).to.be.greaterThan(3);
                await end(broker, signal);
                await until("the end of every process", () => !processes.some(isRunning));
                expect(readFileSync("/proc/self/mountinfo", "utf8")).not.to.contain(broker.data);
            });
        }
    });

    it("keeps what is durable, and takes a login that has changed", async () => {
        const [exchange, queue] = ["document-sync.events", "document-sync.engine.durable"];
        const before = await startBroker("kept");
        const connection = await connectTo(before);
        await connection.queueDeclare({ queue, durable: true });
        const publisher = connection.createPublisher({ confirm: true });
        await connection.queueBind({ exchange, queue, routingKey: "#" });
        await publisher.send({ exchange, routingKey: "any", durable: true }, "kept");
        await publisher.close();
        await connection.close();
        await end(before, "SIGTERM");

        setLogin(username, "another");
        try {
            const broker = await startBroker("kept");
            const refusal = await connectTo(broker).catch(String);
            expect(refusal).to.match(/ACCESS_REFUSED/);
            const again = await connectTo(broker, "another");
            const message = await again.basicGet({ queue, noAck: true });
            expect(message?.body).to.equal("kept");
            await again.close();
            await end(broker, "SIGTERM");
        } finally {
            setLogin(username, password);
        }
    });

    it("has an operator who may delete the exchange if one is given, which the engines' user may not", async () => {
        const operator = join(directory, "operator");
        setLogin("operator", "other", operator);
        const broker = await startBroker("operated", "--operator", operator);
        const deletion = (connection: Connection) => connection.exchangeDelete({ exchange: "document-sync.events" });
        expect(await deletion(await connectTo(broker)).catch(String)).to.match(/ACCESS_REFUSED/);
        await deletion(await connectTo(broker, "other", "operator"));
        await end(broker, "SIGTERM");
    });

    describe("says in one sentence", () => {
        const run = (...args: string[]) => {
            const { status, stderr } = spawnSync(process.execPath, [...command, ...args], { encoding: "utf8" });
            expect(stderr.trim().split("\n")).to.have.length(1);
            return { status, sentence: stderr.trim() };
        };

        it("that a port is taken", async () => {
            const server = createServer((socket) => socket.end()).listen(0, "127.0.0.1");
            await once(server, "listening");
            const { port } = server.address() as AddressInfo;
            const data = join(directory, "never-made");
            try {
                const args = ["--port", `${port}`, "--data", data, "--login", login];
                const child = spawn(process.execPath, [...command, ...args]);
                let stderr = "";
                child.stderr.on("data", (text: Buffer) => (stderr += text.toString()));
                expect((await once(child, "close"))[0]).to.equal(1);
                expect(stderr).to.equal(`--port: 127.0.0.1:${port} is taken\n`);
                expect(existsSync(data)).to.equal(false);
            } finally {
                server.close();
            }
        });

        it("that a login file is missing", () => {
            expect(run("--port", "5", "--data", "/nowhere/data", "--login", "/nowhere")).to.deep.equal({
                status: 1,
                sentence: "--login: /nowhere/username cannot be read (ENOENT)",
            });
        });

        it("that a port is none", () => {
            expect(run("--port", "0", "--data", "/nowhere/data", "--login", login)).to.deep.equal({
                status: 1,
                sentence: '--port must be a number from 1 to 65535, not "0"',
            });
        });
    });
});
