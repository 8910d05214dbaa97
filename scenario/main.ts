import { spawn } from "node:child_process";

const usage = `npm run scenario      proves on two running engines that documents travel, step by step

    ENGINE1, ENGINE2     the engines, as ws://host:port or host:port; by default the outputs engine1Url and engine2Url
                         of the selected stack

Arguments are mocha's, such as --reporter=json.`;

const args = process.argv.slice(2);
if (args.includes("--help")) {
    console.log(usage);
} else {
    const mocha = spawn("mocha", ["--bail", "scenario/*.spec.ts", ...args], { stdio: "inherit" });
    for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => mocha.kill(signal));
    mocha.on("exit", (code) => (process.exitCode = code ?? 1));
}
