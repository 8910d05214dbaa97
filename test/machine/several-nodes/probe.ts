import type { ChildProcess } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const program = readFileSync(join(__dirname, "probe.mjs"), "utf8");

/** Node.js' arguments for the program that listens on these ports or, without one, makes connections. */
export const probeArguments = (...ports: number[]) => ["--input-type=module", "--eval", program, ...ports.map(String)];

/** How a connection went. */
export interface Answer {
    /** `answers`; or what was there in place of an answer: `closes`, `refused`, `silent`, or an error's code. */
    readonly how: string;
    /** Of who answered, the host's name and the address that it was called from. */
    readonly by?: string;
}

/** Long enough for an answer on a machine that has other work. */
const patience = 3;

/** Makes connections from a place: a pod, a node, the machine or its neighbour. */
export class Probe {
    readonly #child: ChildProcess;
    readonly #ready: Promise<void>;
    readonly #waiting = new Map<number, (answer: object) => void>();
    #asked = 0;
    #failed: (error: Error) => void = () => undefined;
    readonly #failure = new Promise<never>((_, reject) => (this.#failed = reject));

    /** @param child runs the program in that place, with pipes. */
    constructor(where: string, child: ChildProcess) {
        this.#child = child;
        const { stdin, stdout, stderr } = child;
        if (!stdin || !stdout || !stderr) throw new Error("no pipes");
        let said = "";
        stderr.setEncoding("utf8").on("data", (text: string) => (said += text));
        // Written to after its end.
        stdin.on("error", () => undefined);
        child.once("close", (code) => this.#failed(new Error(`The probe in ${where} has ended (${code}): ${said}`)));
        // Whoever asks it then is told.
        this.#failure.catch(() => undefined);
        let isReady = () => {};
        this.#ready = new Promise((resolve) => (isReady = resolve));
        createInterface({ input: stdout }).on("line", (line) => {
            if (line === "ready") return isReady();
            const { id, ...answer } = JSON.parse(line) as { id: number };
            this.#waiting.get(id)?.(answer);
            this.#waiting.delete(id);
        });
    }

    async #ask<T>(action: string, parameters: object): Promise<T> {
        await Promise.race([this.#ready, this.#failure]);
        const id = ++this.#asked;
        const answer = new Promise<object>((resolve) => this.#waiting.set(id, resolve));
        this.#child.stdin?.write(`${JSON.stringify({ id, action, ...parameters })}\n`);
        return (await Promise.race([answer, this.#failure])) as T;
    }

    /** A connection that ends with its answer. */
    call(host: string, port: number, seconds = patience): Promise<Answer> {
        return this.#ask("call", { host, port, seconds });
    }

    /** A connection that stays, under a name, and says something again at each {@link say}. */
    hold(name: string, host: string, port: number): Promise<Answer> {
        return this.#ask("hold", { name, host, port, seconds: patience });
    }

    say(name: string): Promise<Answer> {
        return this.#ask("say", { name, seconds: patience });
    }

    /** Makes new connections until one is answered, or none is. @returns when that one was begun; undefined after `seconds` without. */
    async watch(host: string, port: number, answers: boolean, seconds: number): Promise<Date | undefined> {
        const { at } = await this.#ask<{ at?: number }>("watch", { host, port, answers, seconds });
        return at === undefined ? undefined : new Date(at);
    }

    /** The address of a name, as this place's resolver or another has it, or the error's code. */
    async resolve(name: string, server?: string): Promise<string> {
        return (await this.#ask<{ address: string }>("resolve", { name, server })).address;
    }

    end(): void {
        this.#child.stdin?.end();
    }
}
