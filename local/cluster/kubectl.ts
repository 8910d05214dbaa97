import { spawnSync, type StdioOptions } from "node:child_process";
import { machine } from "../machine/paths";
import { buildTool } from "../artifacts/toolchain/build";
import { directories } from "./settings";

/** Runs kubectl on the local cluster, as its admin. */
export async function kubectl(args: readonly string[], stdio: StdioOptions, deadlineSeconds?: number) {
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
