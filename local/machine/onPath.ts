import { accessSync, constants, statSync } from "node:fs";
import { delimiter, join } from "node:path";

function isProgram(path: string): boolean {
    try {
        accessSync(path, constants.X_OK);
        return statSync(path).isFile();
    } catch {
        return false;
    }
}

/** The program of this name on PATH. */
export function findOnPath(name: string): string | undefined {
    return (process.env.PATH ?? "")
        .split(delimiter)
        .map((directory) => join(directory, name))
        .find(isProgram);
}
