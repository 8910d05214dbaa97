import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import enigma from "enigma.js";
import WebSocket from "ws";
import { until } from "./until";

const engineFolder = join(__dirname, "..");
const schema = createRequire(__filename)("enigma.js/schemas/12.20.0.json") as object;

/** A line of an engine's log. */
export interface LogLine {
    readonly logseverity: string;
    readonly message: string;
    readonly port?: number;
}

/** An engine in a process of its own, on 127.0.0.1. */
export interface EngineProcess {
    readonly url: string;
    readonly child: ChildProcess;
    readonly log: readonly LogLine[];
    /** SIGTERM; resolves to the exit code. */
    stop(): Promise<number | null>;
    kill(): Promise<void>;
}

const running = new Set<EngineProcess>();
const openSessions = new Set<{ close(): Promise<unknown> }>();

/** Flags that differ from a plain engine with its documents in `documents`, as Key=Value. */
export async function startEngine(documents: string, ...flags: string[]): Promise<EngineProcess> {
    const engine = spawnEngine(`DocumentDirectory=${documents}`, ...flags);
    running.add(engine);
    return untilListening(engine);
}

/** Starts an engine without waiting for it to listen: for those that should not. */
export function spawnEngine(...flags: string[]): EngineProcess & { exit: Promise<number | null> } {
    const defaults = ["AcceptEULA=yes", "DesktopPort=0", "BindAddress=127.0.0.1", "SystemLogVerbosity=5"];
    const args = [...defaults, ...flags].flatMap((flag) => ["-S", flag]);
    return spawnWith(args);
}

export function spawnWith(args: readonly string[], user?: { uid: number; gid: number }) {
    const command = ["--import", "tsx", join(engineFolder, "src/main.ts"), ...args];
    const child = spawn(process.execPath, command, { stdio: ["ignore", "pipe", "pipe"], ...user });
    const log: LogLine[] = [];
    createInterface({ input: child.stdout }).on("line", (line) => log.push(parseLine(line)));
    createInterface({ input: child.stderr }).on("line", (line) => log.push({ logseverity: "STDERR", message: line }));
    const exit = once(child, "close").then(([code]) => code as number | null);
    const engine = {
        get url() {
            return `ws://127.0.0.1:${log.find((line) => line.port)?.port}`;
        },
        child,
        log,
        exit,
        stop: async () => {
            child.kill("SIGTERM");
            return exit;
        },
        kill: async () => {
            child.kill("SIGKILL");
            await exit;
        },
    };
    void exit.then(() => running.delete(engine));
    return engine;
}

export async function untilListening<E extends EngineProcess>(engine: E): Promise<E> {
    running.add(engine);
    await until("the engine listens", () => engine.child.exitCode !== null || engine.log.some((line) => line.port), 20);
    if (engine.child.exitCode !== null) {
        throw new Error(`The engine exited: ${JSON.stringify(engine.log)}`);
    }
    return engine;
}

/** What enigma.js generates from its schema, as far as the tests use it. */
/* eslint-disable @typescript-eslint/no-explicit-any */
export interface QixObject {
    readonly handle: number;
    readonly id: string;
    on(event: "changed" | "closed", listener: () => void): void;
    [method: string]: any;
}
/* eslint-enable */

export interface ClientSession {
    readonly global: QixObject;
    /** How the engine greeted. */
    readonly state: string;
    close(): Promise<unknown>;
}

// The package `ws` is what enigma.js documents for node; its types ask for the browser's class.
const createSocket = (url: string) => new WebSocket(url) as unknown as globalThis.WebSocket;
let lastIdentity = 0;

/** Opens a session with enigma.js; every call gets a session of its own unless it names a path. */
export async function connect(engine: { url: string }, path?: string): Promise<ClientSession> {
    const url = engine.url + (path ?? `/app/engineData/identity/${process.pid}-${++lastIdentity}`);
    const session = enigma.create({ schema, url, createSocket });
    openSessions.add(session);
    const greeting = new Promise<string>((resolve) =>
        session.on("notification:OnConnected", (params: { qSessionState: string }) => resolve(params.qSessionState)),
    );
    const global = (await session.open()) as unknown as QixObject;
    const close = async () => {
        openSessions.delete(session);
        await session.close();
    };
    return { global, state: await greeting, close };
}

/** Ends what a test left open. For `afterEach`. */
export async function cleanUp(): Promise<void> {
    await Promise.all([...openSessions].map((session) => session.close().catch(() => undefined)));
    openSessions.clear();
    await Promise.all([...running].map((engine) => engine.kill()));
    await Promise.all(directories.splice(0).map((directory) => rm(directory, { recursive: true, force: true })));
}

const directories: string[] = [];

export async function temporaryDirectory(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), "document-sync-"));
    directories.push(directory);
    return directory;
}

/** The error that a call is refused with. */
export async function refusal(call: Promise<unknown>): Promise<{ code: number; parameter: string; message: string }> {
    return call.then(
        (answer) => {
            throw new Error(`Expected a refusal, got ${JSON.stringify(answer)}.`);
        },
        (error: Error & { code?: number; parameter?: string }) => {
            if (error.code === undefined) {
                throw error;
            }
            return { code: error.code, parameter: error.parameter ?? "", message: error.message };
        },
    );
}

export async function health(engine: { url: string }): Promise<Record<string, any>> {
    const response = await fetch(`${engine.url.replace("ws:", "http:")}/health`);
    return (await response.json()) as Record<string, any>;
}

function parseLine(line: string): LogLine {
    try {
        return JSON.parse(line) as LogLine;
    } catch {
        return { logseverity: "NOT JSON", message: line };
    }
}
