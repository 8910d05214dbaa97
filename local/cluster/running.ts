import { programs } from "./components";
import { bridgeExists } from "./network";
import { findProcesses, isProgram } from "./processes";

/** Whether anything of a cluster is left in the kernel: a program that runs, well or not, or the bridge. */
export async function isAnythingLeft(): Promise<boolean> {
    if (bridgeExists()) return true;
    const isOurs = (args: readonly string[]) => programs.some(({ name }) => isProgram(name, args));
    return (await findProcesses("cmdline", (text) => isOurs(text.split("\0")))).length > 0;
}
