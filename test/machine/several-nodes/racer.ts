// One of several that claim the same names. For each name on standard input it links a file of its own to it, exclusively, and says
// what came of it and whose file the name leads to.
//
//     racer.ts DIRECTORY NAME

import { linkSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { createInterface } from "node:readline";

const [, , directory, name] = process.argv;
const own = join(directory, `.${name}`);

/** There before the next name comes, so that all claim it at the same moment. */
const prepare = () => writeFileSync(own, name, { flag: "wx" });

/** "linked", or the error's code. */
function claim(path: string): string {
    try {
        linkSync(own, path);
        return "linked";
    } catch (error) {
        return (error as NodeJS.ErrnoException).code ?? String(error);
    }
}

prepare();
console.log("ready");
createInterface({ input: process.stdin }).on("line", (target) => {
    const path = join(directory, target);
    const result = claim(path);
    const owner = readFileSync(path, "utf8");
    rmSync(own);
    prepare();
    console.log(`${result} ${owner}`);
});
