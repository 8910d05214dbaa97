import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { clusterIsUp } from "./cluster/cluster";
import { directories } from "./cluster/settings";
import { machine } from "./paths";
import { buildTool } from "./toolchain/build";

/** kubectl on the local cluster, with this command's own arguments, input and output. */
async function main(args: readonly string[]): Promise<number> {
    if (!existsSync(machine.kubeconfig) || !(await clusterIsUp())) {
        console.error("The local cluster is not up: npm start brings it up.");
        return 1;
    }
    const kubernetes = await buildTool("kubernetes", (line) => console.error(line));
    const { status, error } = spawnSync(kubernetes, ["kubectl", ...args], {
        env: { ...process.env, KUBECONFIG: machine.kubeconfig, KUBECACHEDIR: directories.kubectlCache },
        stdio: "inherit",
    });
    if (error) throw error;
    return status ?? 1;
}

main(process.argv.slice(2)).then(
    (code) => (process.exitCode = code),
    (error: unknown) => {
        console.error(error instanceof Error ? error.message : error);
        process.exitCode = 1;
    },
);
