import { existsSync, readFileSync } from "node:fs";
import { parse } from "yaml";
import { portConflict } from "../../cluster/cluster";

/** Node ports that a stack file asks for by number and that another program holds, a sentence each: the engine could not be reached there. */
export async function nodePortConflicts(stackFile: string): Promise<string[]> {
    if (!existsSync(stackFile)) return [];
    const stack = parse(readFileSync(stackFile, "utf8")) as { config?: Record<string, unknown> } | null;
    const conflicts = [];
    for (const key of ["engine1NodePort", "engine2NodePort"]) {
        const port = Number(stack?.config?.[`document-sync:${key}`] ?? 0);
        // What is no port is refused by the program.
        if (!(port > 0 && port < 65536)) continue;
        conflicts.push(await portConflict(key, port));
    }
    return conflicts.filter((conflict) => conflict !== undefined);
}
