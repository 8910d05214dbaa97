import { chooseBase } from "../../../local/artifacts/images/pulled";
import { bringUpPulumi } from "../../../local/platform/platform";
import { limits } from "../../../local/artifacts/released/fetch";
import { readOptions } from "../../../local/commands/command";

/** What a start does about tools and images and no more: `takeTools.ts SECONDS [--tools=…]`, with a limit that a test can wait for. */
async function main([seconds, ...args]: readonly string[]): Promise<void> {
    limits.fetch = Number(seconds);
    limits.answer = 2;
    const { tools } = readOptions(args, ["tools"]);
    await bringUpPulumi(tools);
    for (const kind of ["broker", "engine"] as const)
        await chooseBase(kind, { tools, say: (line) => console.log(line) }, () => undefined);
}

main(process.argv.slice(2)).catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
});
