import { version } from "@pulumi/random/package.json";
import { serve } from "./server";

/** A plugin's whole life: the first line of its standard output is the port. */
async function main(): Promise<void> {
    const { port } = await serve(version);
    // The engine ends its plugins; one that was killed itself cannot.
    const parent = process.ppid;
    setInterval(() => {
        if (process.ppid !== parent) process.exit(1);
    }, 1000);
    process.stdout.write(`${port}\n`);
}

void main();
