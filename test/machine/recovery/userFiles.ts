import { machine as paths } from "../../../local/machine/paths";
import type { TestMachine } from "../testMachine";

/** In all places under the documents' directory, and of no name that an engine gives. */
const files = ["dev/my notes.txt", "dev/.hidden/deep/file", "other/report.qvf", "loose.txt"];

const shell = (machine: TestMachine, script: string) =>
    machine.mustRun("sh", ["-ec", `cd "$0"; for file in "$@"; do ${script}; done`, paths.documents, ...files]);

/** Puts files among the documents that nobody but a user has made. */
export async function plantUserFiles(machine: TestMachine): Promise<void> {
    await machine.mustRun("mkdir", ["--parents", paths.documents]);
    await shell(machine, 'mkdir --parents "$(dirname "$file")"; echo "$file" > "$file"');
}

/** What tells whether they are the same ones: inode, size, time of change, owner, mode and sum. */
export function describeUserFiles(machine: TestMachine): Promise<string> {
    return shell(machine, 'stat --format "%n %i %s %y %u:%g %a" "$file"; sha256sum "$file"');
}
