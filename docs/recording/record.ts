import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { Terminal } from "@xterm/headless";
import { draw } from "./terminal";

const usage = `npm run record      draws docs/recording/run.svg: an update from nothing, and the scenario

It runs both on the stack that is selected, which must be destroyed before. The pulumi that it runs is the local platform's.`;

const columns = 110;

/** What is typed in the picture, and what runs for it: the reader's own CLI there, and the local platform's here. */
const commands = [
    { typed: "pulumi up --yes --skip-preview", runs: "npm run -s pulumi -- up --yes --skip-preview" },
    { typed: "npm run scenario", runs: "npm run -s scenario" },
];

/** Runs a command in a terminal of its own. @throws if it fails. */
async function runIn(terminal: Terminal, command: string): Promise<void> {
    // script(1) makes the terminal: without one, programs print no colours and draw no tree.
    const inside = `stty cols ${columns} rows 50; exec ${command}`;
    const child = spawn("script", ["--quiet", "--return", "--command", inside, "/dev/null"], {
        stdio: ["ignore", "pipe", "inherit"],
        env: { ...process.env, TERM: "xterm-256color", SHELL: "/bin/sh" },
    });
    child.stdout.on("data", (data: Buffer) => terminal.write(data));
    const [exitCode] = (await once(child, "close")) as [number | null];
    if (exitCode !== 0) throw new Error(`${command} failed with exit code ${exitCode}.`);
}

async function main(): Promise<void> {
    const terminal = new Terminal({ cols: columns, rows: 50, scrollback: 10_000, allowProposedApi: true });
    const write = (text: string) => new Promise<void>((resolve) => terminal.write(text, resolve));
    for (const { typed, runs } of commands) {
        await write(`\x1b[32m$\x1b[0m \x1b[1m${typed}\x1b[0m\r\n`);
        await runIn(terminal, runs);
        await write("");
    }
    const title = "A terminal: pulumi up makes the stack, and npm run scenario passes.";
    writeFileSync(join(__dirname, "run.svg"), draw(terminal, title));
}

if (process.argv.includes("--help")) console.log(usage);
else
    main().catch((error: unknown) => {
        console.error(error instanceof Error ? error.message : error);
        process.exitCode = 1;
    });
