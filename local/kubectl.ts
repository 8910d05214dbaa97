import { spawnSync, type StdioOptions } from "node:child_process";
import { existsSync } from "node:fs";
import { clusterIsUp } from "./cluster/cluster";
import { directories } from "./cluster/settings";
import { machine } from "./paths";
import { buildTool } from "./toolchain/build";

/** Runs kubectl on the local cluster. */
async function kubectl(args: readonly string[], stdio: StdioOptions, deadlineSeconds?: number) {
    const kubernetes = await buildTool("kubernetes", (line) => console.error(line));
    const result = spawnSync(kubernetes, ["kubectl", ...args], {
        env: { ...process.env, KUBECONFIG: machine.kubeconfig, KUBECACHEDIR: directories.kubectlCache },
        encoding: "utf8",
        maxBuffer: Infinity,
        timeout: deadlineSeconds && deadlineSeconds * 1000,
        stdio,
    });
    if (result.error) {
        const isLate = (result.error as NodeJS.ErrnoException).code === "ETIMEDOUT";
        throw isLate ? new Error(`kubectl ${args.join(" ")} did not end within ${deadlineSeconds} s`) : result.error;
    }
    return result;
}

/** What kubectl prints. @throws if it fails or takes longer; its own message goes to standard error. */
export async function readKubectl(args: readonly string[], deadlineSeconds = 360): Promise<string> {
    const { status, stdout } = await kubectl(args, ["ignore", "pipe", "inherit"], deadlineSeconds);
    if (status !== 0) throw new Error(`kubectl ${args.join(" ")} failed; its own message is above`);
    return stdout;
}

/** `npm run -s kubectl -- …`: kubectl with this command's own arguments, input and output. */
async function main(args: readonly string[]): Promise<number> {
    if (!existsSync(machine.kubeconfig) || !(await clusterIsUp())) {
        console.error("The local cluster is not up: npm start brings it up.");
        return 1;
    }
    return (await kubectl(args, "inherit")).status ?? 1;
}

if (require.main === module) {
    main(process.argv.slice(2)).then(
        (code) => (process.exitCode = code),
        (error: unknown) => {
            console.error(error instanceof Error ? error.message : error);
            process.exitCode = 1;
        },
    );
}
