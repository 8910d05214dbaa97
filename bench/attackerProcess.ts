import { spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { attacks } from "./attacks";

/** An attack under way, in a process of its own: what it costs its sender is not measured. */
export interface Attacker {
    /** Resolves when the first round is over. Rejects, with what the attacker said, if it ends or none is over in time. */
    readonly began: Promise<void>;
    stop(): Promise<void>;
}

/** Attacks an engine until it is stopped. @param patience seconds for the first round. */
export function startAttacker(url: string, index: number, patience = 60): Attacker {
    const child = spawn(process.execPath, ["--import", "tsx", join(__dirname, "attacker.ts"), url, `${index}`], {
        cwd: join(__dirname, ".."),
        stdio: ["ignore", "pipe", "pipe"],
    });
    const closed = once(child, "close");
    let said = "";
    child.stderr.setEncoding("utf8").on("data", (text: string) => (said = (said + text).slice(-2_000)));
    const began = new Promise<void>((resolve, reject) => {
        const fail = () =>
            reject(new Error(`The attack "${attacks[index].name}" did not begin in ${patience} s: ${said.trim()}`));
        const timer = setTimeout(fail, patience * 1000);
        child.stdout.once("data", () => {
            clearTimeout(timer);
            resolve();
        });
        void closed.then(() => {
            clearTimeout(timer);
            fail();
        }, reject);
    });
    // Whoever stops it before it began need not wait for this.
    began.catch(() => undefined);
    return {
        began,
        stop: async () => {
            child.kill("SIGKILL");
            await closed.catch(() => undefined);
        },
    };
}
