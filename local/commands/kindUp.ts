import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { projectDirectory } from "../machine/paths";
import { cluster, engineImage, engineUser, stackFileFrom } from "../stack/kind/stackFile";

const stack = "kind";

function execute(program: string, ...args: string[]): void {
    console.log(`$ ${[program, ...args].join(" ")}`);
    const { status, error } = spawnSync(program, args, { cwd: projectDirectory, stdio: "inherit" });
    if (error) throw new Error(`${program} could not be started: ${error.message}`);
    if (status !== 0) throw new Error(`${program} failed; its own message is above`);
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

try {
    main();
} catch (error) {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
}
