import { closeSync, fsyncSync, openSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/**
 * Writes a file so that whenever the power goes, its old text or its new one is there, whole: beside it, to disk, under its
 * name, and the name to disk.
 *
 * @param mode of the file; by default only its owner reads it.
 */
export function writeDurably(path: string, text: string | Uint8Array, mode = 0o600): void {
    const unfinished = `${path}.${process.pid}.unfinished`;
    // A process that had this number may have left one, with another mode.
    rmSync(unfinished, { force: true });
    const file = openSync(unfinished, "wx", mode);
    try {
        writeFileSync(file, text);
        fsyncSync(file);
    } finally {
        closeSync(file);
    }
    renameSync(unfinished, path);
    const directory = openSync(dirname(path), "r");
    try {
        fsyncSync(directory);
    } finally {
        closeSync(directory);
    }
}
