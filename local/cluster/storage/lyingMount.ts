import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import { request } from "node:http";
import { createInterface } from "node:readline";
import { text } from "node:stream/consumers";
import { buildTool } from "../../artifacts/toolchain/build";

/** Seconds for which a mount believes what it once saw, as toolchain/lyingfs/README.md has it. */
export interface Lies {
    readonly attributes: number;
    readonly entries: number;
    readonly negative: number;
    readonly listings: number;
}

/** What a test makes of operations on a mount: toolchain/lyingfs/README.md says what each field means. */
export interface Fault {
    readonly op: string;
    /** A regular expression on the path below the mount. */
    readonly path?: string;
    /** Such as EIO. */
    readonly errno?: string;
    /** The operation is done, and its answer lost. */
    readonly after?: boolean;
    /** How many operations it meets; all of them by default. */
    readonly times?: number;
    readonly delayMilliseconds?: number;
}

export interface SetFault extends Fault {
    readonly id: number;
    /** How many operations it has met. */
    readonly fired: number;
}

/** A directory mounted as a network file system shows it. */
export interface LyingMount {
    readonly setFault: (fault: Fault) => Promise<number>;
    readonly faults: () => Promise<SetFault[]>;
    /** Removes a fault, or all of them. Operations that it delays go on. */
    readonly clearFaults: (id?: number) => Promise<void>;
    /** Unmounts, also if files are open: whoever uses them gets ENOTCONN. */
    readonly unmount: () => Promise<void>;
}

/** Starts a program as `spawn` of node:child_process does, with pipes; in the namespaces of a node, for example. */
export type Start = (command: string, args: readonly string[]) => ChildProcessWithoutNullStreams;

/** The program that mounts. @returns its path in the cache. */
export function buildLyingFileSystem(report: (line: string) => void): Promise<string> {
    return buildTool("lyingfs", report);
}

/** Asks the program. @throws what it answers to a request that makes no sense. */
async function ask(socketPath: string, method: string, path: string, body?: Fault): Promise<unknown> {
    const asked = request({ socketPath, method, path, timeout: 10_000 });
    asked.on("timeout", () => asked.destroy(new Error(`The mount did not answer ${method} ${path} within 10 s.`)));
    const answered = new Promise<unknown>((resolve, reject) => {
        asked.on("error", reject);
        asked.on("response", (response) => {
            text(response).then((answer) => {
                const said: unknown = answer === "" ? undefined : JSON.parse(answer);
                if ((response.statusCode ?? 0) < 300) resolve(said);
                else reject(new Error((said as { error: string }).error));
            }, reject);
        });
    });
    asked.end(body && JSON.stringify(body));
    return answered;
}

/** Waits for what takes seconds at most. */
async function within<T>(seconds: number, what: string, promise: Promise<T>): Promise<T> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<never>((_, reject) => {
        timer = setTimeout(() => reject(new Error(`Not within ${seconds} s: ${what}.`)), seconds * 1000);
    });
    return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

/**
 * Mounts a directory as a network file system shows it. The mount goes when this process ends, however it does.
 *
 * @param program of `buildLyingFileSystem`, as it is seen where it is started.
 * @param directory what is mounted; on a file system with file handles, such as ext4, xfs or tmpfs.
 * @param mountPoint an empty directory.
 * @param start starts the program; by default, here. Paths are as they are seen where it does; /tmp is there and can be written.
 * @throws with what the program says if it can't.
 */
export async function mountLying({
    program,
    directory,
    mountPoint,
    lies,
    start = spawn,
}: {
    readonly program: string;
    readonly directory: string;
    readonly mountPoint: string;
    readonly lies: Lies;
    readonly start?: Start;
}): Promise<LyingMount> {
    // A socket's path can be no longer than 107 bytes.
    const socket = `/tmp/lyingfs-${randomBytes(8).toString("hex")}.sock`;
    const durations = Object.entries(lies).map(([name, seconds]) => `-${name}=${seconds}s`);
    const child = start(program, [
        ...durations,
        `-control=${socket}`,
        // So that nothing stays mounted if this process is killed, and nothing but a pipe has to reach into a node to end it.
        "-until-input-ends",
        directory,
        mountPoint,
    ]);
    const lastWords: string[] = [];
    createInterface({ input: child.stderr }).on("line", (line) => {
        lastWords.push(line);
        if (lastWords.length > 5) lastWords.shift();
    });
    const closed = once(child, "close") as Promise<[number | null, NodeJS.Signals | null]>;
    const ended = closed.then(([code, signal]) => {
        const how = signal ?? `exit code ${code}`;
        return new Error(`${mountPoint} is not mounted (${how}): ${lastWords.join(" ")}`);
    });
    // It is heard of by whoever waits for it.
    ended.catch(() => undefined);
    // Written to after it has ended.
    child.stdin.on("error", () => undefined);

    const failed = ended.then((error) => {
        throw error;
    });
    const ready = once(child.stdout, "data");
    try {
        await within(30, `${mountPoint} is mounted`, Promise.race([ready, failed]));
    } catch (error) {
        child.stdin.end();
        throw error;
    }
    // In the mount namespace that the program is in, whatever that is here.
    const control = `/proc/${child.pid}/root${socket}`;

    return {
        setFault: async (fault) => ((await ask(control, "POST", "/faults", fault)) as { id: number }).id,
        faults: async () => (await ask(control, "GET", "/faults")) as SetFault[],
        clearFaults: async (id) => {
            await ask(control, "DELETE", id === undefined ? "/faults" : `/faults/${id}`);
        },
        unmount: async () => {
            child.stdin.end();
            const [code] = await within(15, `${mountPoint} is unmounted`, closed);
            if (code !== 0) throw await ended;
        },
    };
}
