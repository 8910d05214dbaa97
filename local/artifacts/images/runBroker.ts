import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, openSync, readFileSync } from "node:fs";
import { connect } from "node:net";
import { join, resolve } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { parseArgs } from "node:util";
import { type Login, localDefinitions } from "./localDefinitions";
import { buildRoot } from "./rootFileSystem";

const help = `Runs a RabbitMQ of its own on 127.0.0.1, in the foreground, until SIGTERM or SIGINT. Needs root.

    node --import tsx local/artifacts/images/runBroker.ts --port PORT --data DIR --login DIR [--operator DIR]

    --port PORT     a free port for AMQP; nothing else is opened
    --data DIR      where the broker keeps what is durable, and its log, broker.log; made if it is missing
    --login DIR     holds the files "username" and "password" of the engines' user, who may do what engines do
    --operator DIR  the same of a user who may do anything with exchanges and queues

A user of an earlier run with the same --data stays, with the password that it had.

Prints "ready" when the broker answers. The first run makes the broker's root file system (about half a minute).
`;

/** A mistake of the caller's: told in its one sentence, without a stack. */
class UsageError extends Error {}

interface Options {
    readonly port: number;
    readonly data: string;
    readonly engine: Login;
    readonly operator: Login | undefined;
}

function readLogin(option: "--login" | "--operator", directory: string): Login {
    const [username, password] = ["username", "password"].map((name) => {
        const path = join(directory, name);
        let value;
        try {
            value = readFileSync(path, "utf8").trim();
        } catch (error) {
            throw new UsageError(`${option}: ${path} cannot be read (${(error as NodeJS.ErrnoException).code})`);
        }
        if (value === "") throw new UsageError(`${option}: ${path} is empty`);
        return value;
    });
    return { username, password };
}

function readOptions(): Options {
    let values;
    try {
        const string = { type: "string" } as const;
        ({ values } = parseArgs({
            options: { port: string, data: string, login: string, operator: string, help: { type: "boolean" } },
        }));
    } catch (error) {
        throw new UsageError((error as Error).message);
    }
    if (values.help) {
        process.stdout.write(help);
        process.exit(0);
    }
    const { port, data, login, operator } = values;
    if (port === undefined || data === undefined || login === undefined)
        throw new UsageError("--port, --data and --login are all needed (see --help)");
    if (!/^\d+$/.test(port) || Number(port) < 1 || Number(port) > 65535)
        throw new UsageError(`--port must be a number from 1 to 65535, not "${port}"`);
    if (process.getuid?.() !== 0) throw new UsageError("a broker is run by root only: it needs mounts and chroot");
    return {
        port: Number(port),
        data: resolve(data),
        engine: readLogin("--login", login),
        operator: operator === undefined ? undefined : readLogin("--operator", operator),
    };
}

/** Does a broker answer the AMQP 0-9-1 protocol header on this port? `undefined`: nothing listens. */
function answersAmqp(port: number): Promise<boolean | undefined> {
    return new Promise((resolve) => {
        const socket = connect({ host: "127.0.0.1", port });
        socket.setTimeout(5_000, () => socket.destroy());
        let connected = false;
        socket.once("connect", () => {
            connected = true;
            socket.write("AMQP\x00\x00\x09\x01");
        });
        socket.once("data", (reply) => {
            // A method frame: connection.start. Whoever doesn't take the header answers with one of his own.
            resolve(reply[0] === 1);
            socket.destroy();
        });
        socket.on("error", () => undefined);
        socket.once("close", () => resolve(connected ? false : undefined));
    });
}

const report = (line: string) => process.stderr.write(`${line}\n`);

const startLimit = 60_000;
const stopLimit = 15_000;

async function main(): Promise<void> {
    const options = readOptions();
    const { port, data } = options;
    const root = await buildRoot("broker", report);
    if ((await answersAmqp(port)) !== undefined) throw new UsageError(`--port: 127.0.0.1:${port} is taken`);
    mkdirSync(data, { recursive: true });
    const logFile = join(data, "broker.log");
    const log = openSync(logFile, "a");
    // However this process ends, setpriv's signal ends unshare, that one's the first process of the namespace, and that
    // one's end all others.
    const unshare = ["unshare", "--mount", "--propagation=private", "--pid", "--fork", "--kill-child"];
    const broker = spawn(
        "setpriv",
        ["--pdeathsig=KILL", ...unshare, "sh", join(__dirname, "brokerInit.sh"), root, data, String(port)],
        { stdio: ["pipe", log, log] },
    );
    const ended = once(broker, "exit") as Promise<[number | null, NodeJS.Signals | null]>;
    let running = true;
    let stopping = false;
    void ended.then(() => (running = false));

    const stop = () => {
        if (stopping) return;
        stopping = true;
        const children = readFileSync(`/proc/${broker.pid}/task/${broker.pid}/children`, "utf8").trim();
        // unshare itself ignores SIGTERM while it waits for its child.
        if (children === "") broker.kill("SIGKILL");
        else process.kill(Number(children), "SIGTERM");
        setTimeout(() => broker.kill("SIGKILL"), stopLimit).unref();
    };
    process.on("SIGTERM", stop);
    process.on("SIGINT", stop);

    broker.stdin?.on("error", () => undefined);
    broker.stdin?.end(localDefinitions(options.engine, options.operator));
    const deadline = Date.now() + startLimit;
    let ready = false;
    while (running && !stopping && !ready) {
        ready = (await answersAmqp(port)) === true;
        if (!ready && Date.now() > deadline) break;
        if (!ready) await sleep(50);
    }
    const fail = (what: string) => {
        const lastLines = readFileSync(logFile, "utf8").trimEnd().split("\n").slice(-10).join("\n");
        return new Error(`the broker ${what}:\n${lastLines}\nWhole log: ${logFile}`);
    };
    if (ready) process.stdout.write("ready\n");
    else if (running && !stopping) throw fail(`did not answer within ${startLimit / 1000} s`);
    const [code, signal] = await ended;
    if (!stopping) throw fail(`ended (${signal ?? `exit code ${code}`})`);
}

main().then(
    () => process.exit(0),
    (error: Error) => {
        report(error instanceof UsageError ? error.message : `runBroker: ${error.message}`);
        process.exit(1);
    },
);
