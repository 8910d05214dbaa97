import { existsSync } from "node:fs";
import { apiServerIsReady, kubectl } from "../cluster/cluster";
import { machine } from "../machine/paths";

/** `npm run -s kubectl -- …`: kubectl with this command's own arguments, input and output. */
async function main(args: readonly string[]): Promise<number> {
    if (!existsSync(machine.kubeconfig) || !(await apiServerIsReady())) {
        console.error("The local cluster is not up: npm start brings it up.");
        return 1;
    }
    return (await kubectl(args, "inherit")).status ?? 1;
}

main(process.argv.slice(2)).then(
    (code) => (process.exitCode = code),
    (error: unknown) => {
        console.error(error instanceof Error ? error.message : error);
        process.exitCode = 1;
    },
);
