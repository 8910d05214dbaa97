import { type ChildProcess, type SpawnOptionsWithoutStdio, spawn } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, chmodSync, mkdtempSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { bundled } from "./bundle";
import { closeSessions } from "./qixClient";
import { until } from "./until";

/** Where the engine's sources begin. */
export const engineSource = join(__dirname, "../src/main.ts");

/** A line of an engine's log. */
export interface LogLine {
    readonly logseverity: string;
    readonly log_type?: string;
    readonly message: string;
    readonly port?: number;
    readonly metricsPort?: number;
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

export interface SpawnedEngine extends EngineProcess {
    /** Resolves to the exit code. */
    readonly exit: Promise<number | null>;
}

type SpawnOptions = Pick<SpawnOptionsWithoutStdio, "uid" | "gid" | "cwd">;

const running = new Set<EngineProcess>();
const directories: string[] = [];

/** Flags that differ from a plain engine with its documents in `documents`, as Key=Value. */
export async function startEngine(documents: string, ...flags: string[]): Promise<EngineProcess> {
    const engine = spawnEngine(`DocumentDirectory=${documents}`, ...flags);
    running.add(engine);
    return untilListening(engine);
}

/** The same with so little memory that what is not bounded ends it. @param megabytes of its heap. */
export async function startSmallEngine(
    documents: string,
    megabytes: number,
    ...flags: string[]
): Promise<EngineProcess> {
    const node = [`--max-old-space-size=${megabytes}`, bundled(engineSource)];
    return untilListening(spawnNode([...node, ...argumentsOf(`DocumentDirectory=${documents}`, ...flags)]));
}

/** Starts an engine without waiting for it to listen: for those that should not. */
export function spawnEngine(...flags: string[]): SpawnedEngine {
    return spawnWith(argumentsOf(...flags));
}

function argumentsOf(...flags: string[]): string[] {
    const ports = ["DesktopPort=0", "PrometheusServicePort=0", "BindAddress=127.0.0.1"];
    const defaults = ["AcceptEULA=yes", ...ports, "SystemLogVerbosity=5"];
    return [...defaults, ...flags].flatMap((flag) => ["-S", flag]);
}

/** An engine with exactly these arguments. */
export function spawnWith(args: readonly string[], options: SpawnOptions = {}): SpawnedEngine {
    return spawnNode([bundled(engineSource), ...args], options);
}

/** A copy of this Node.js that every user can reach: its own may lie in a home directory. */
function programForAll(): string {
    if (copiedProgram === undefined) {
        const directory = mkdtempSync(join(tmpdir(), "document-sync-node-"));
        chmodSync(directory, 0o755);
        process.once("exit", () => rmSync(directory, { recursive: true, force: true }));
        copiedProgram = join(directory, "node");
        copyFileSync(process.execPath, copiedProgram);
    }
    return copiedProgram;
}

let copiedProgram: string | undefined;

/** An engine by node's whole command line. */
export function spawnNode(command: readonly string[], options: SpawnOptions = {}): SpawnedEngine {
    const program = options.uid === undefined ? process.execPath : programForAll();
    const child = spawn(program, command, { stdio: ["ignore", "pipe", "pipe"], ...options });
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

/** Ends what a test left open. For `afterEach`. */
export async function cleanUp(): Promise<void> {
    await closeSessions();
    await Promise.all([...running].map((engine) => engine.kill()));
    await Promise.all(directories.splice(0).map((directory) => rm(directory, { recursive: true, force: true })));
}

export async function temporaryDirectory(): Promise<string> {
    const directory = await mkdtemp(join(tmpdir(), "document-sync-"));
    directories.push(directory);
    return directory;
}

/** The members of an engine's health that tests look at. */
export interface Health {
    readonly version: string;
    readonly standIn: { readonly name: string };
    readonly session: { readonly active: number; readonly total: number };
    /** Megabytes. */
    readonly mem: { readonly free: number; readonly committed: number };
    readonly apps: { readonly calls: number };
    readonly cpu: { readonly total: number };
    readonly sync: {
        readonly documents: number;
        readonly eventBus:
            | {
                  readonly id: string;
                  readonly state: string;
                  readonly lastError?: string;
                  readonly unconfirmed: number;
                  readonly received: number;
                  readonly lastHeard?: string;
                  readonly engines: readonly { id: string; host: string; lastHeard: string }[];
              }
            | "off";
        readonly rules: { readonly sha256: string | null; readonly error: string | null } | "off";
    };
}

export async function health(engine: { url: string }, path = "/health"): Promise<Health> {
    const response = await fetch(engine.url.replace("ws:", "http:") + path);
    return (await response.json()) as Health;
}

function parseLine(line: string): LogLine {
    try {
        return JSON.parse(line) as LogLine;
    } catch {
        return { logseverity: "NOT JSON", message: line };
    }
}
