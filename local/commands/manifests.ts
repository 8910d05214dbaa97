import * as pulumi from "@pulumi/pulumi";
import { renderManifests } from "../stack/manifests";
import { projectName } from "../stack/stacks";

const usage = `npm run -s manifests -- STACK      what the stack of Pulumi.STACK.yaml would apply, as YAML

It needs no cluster, no Pulumi backend and no passphrase. Secrets are left out, and names that Pulumi draws are
the logical ones: it is for reading, for policies, and for kubectl apply --dry-run=server.`;

async function main(args: readonly string[]): Promise<void> {
    const [stack] = args;
    if (args.includes("--help") || args.length !== 1) {
        console.log(usage);
        process.exitCode = args.includes("--help") ? 0 : 2;
        return;
    }
    process.stdout.write(await renderManifests(projectName, stack));
}

main(process.argv.slice(2)).catch((error: unknown) => {
    const isSaid = error instanceof Error || pulumi.RunError.isInstance(error);
    console.error(isSaid ? error.message : error);
    process.exitCode = 1;
});
