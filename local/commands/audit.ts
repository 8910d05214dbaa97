import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { differences } from "../machine/audit/differences";
import { filesOf, takeSnapshot, type Snapshot } from "../machine/audit/snapshot";

const usage = `Looks at the machine that it runs on, as root, and prints what is there, as JSON; or what has changed since.

    npx tsx local/commands/audit.ts > before.json
    npx tsx local/commands/audit.ts --against before.json    exits with 1 if there is any difference

    --files DIRECTORY     look at the files in there, instead of all; can be given again
    --except DIRECTORY    but not at those in there; can be given again`;

function main(): void {
    const { values } = parseArgs({
        options: {
            against: { type: "string" },
            files: { type: "string", multiple: true, default: ["/"] },
            except: { type: "string", multiple: true, default: [] },
            help: { type: "boolean" },
        },
    });
    if (values.help) {
        console.log(usage);
        return;
    }
    const now = takeSnapshot(values.files, values.except);
    if (values.against === undefined) {
        console.log(JSON.stringify(now, undefined, 1));
        return;
    }
    const before = JSON.parse(readFileSync(values.against, "utf8")) as Snapshot;
    const { found, allowed } = differences(before, now, filesOf);
    for (const line of allowed) console.log(`allowed: ${line}`);
    for (const line of found) console.log(line);
    console.log(`differences: ${found.length}`);
    process.exitCode = found.length === 0 ? 0 : 1;
}

main();
