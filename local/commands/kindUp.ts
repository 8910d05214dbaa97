import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectDirectory } from "../machine/paths";
import { cluster, engineImage, engineUser, stackFileFrom } from "../stack/kind/stackFile";
import { runCommand } from "./command";

const stack = "kind";

const usage = `npm run kind:up      the stack "${stack}" on the kind cluster "${cluster}"

It uses the docker, kind and pulumi on PATH, the selected Pulumi backend, and the image that npm run engine:image made.
The cluster is made by: kind create cluster --config local/stack/kind/cluster.yaml`;

function execute(program: string, ...args: string[]): void {
    console.log(`$ ${[program, ...args].join(" ")}`);
    const { status, error } = spawnSync(program, args, { cwd: projectDirectory, stdio: "inherit" });
    if (error) throw new Error(`${program} could not be started: ${error.message}`);
    if (status !== 0) throw new Error(`${program} failed; its own message is above.`);
}

/** `npm run kind:up`: the stack on the kind cluster, by the docker, kind and pulumi on PATH and the selected Pulumi backend. */
function main(): void {
    const { text, hostPath } = stackFileFrom(readFileSync(join(projectDirectory, "Pulumi.example.yaml"), "utf8"));
    const file = join(projectDirectory, `Pulumi.${stack}.yaml`);
    // The one that is there holds the salt of the stack's secrets.
    if (!existsSync(file)) writeFileSync(file, text);

    execute("kind", "load", "docker-image", engineImage, "--name", cluster);
    // kind's node is a container, whose kubelet would make the directory for root alone.
    const makeDirectory = ["install", "--directory", `--owner=${engineUser}`, `--group=${engineUser}`, hostPath];
    execute("docker", "exec", `${cluster}-control-plane`, ...makeDirectory);
    execute("pulumi", "stack", "select", stack, "--create", "--non-interactive");
    execute("pulumi", "up", "--yes", "--stack", stack, "--non-interactive");
    execute("pulumi", "preview", "--expect-no-changes", "--stack", stack, "--non-interactive");
}

runCommand(usage, () => Promise.resolve(main()));
