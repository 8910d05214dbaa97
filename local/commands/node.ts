import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { parseArgs } from "node:util";
import {
    clusterIsUpSoon,
    describeNodes,
    drainNode,
    killNode,
    listNodes,
    rememberedNodes,
    startLostNode,
    type Node,
} from "../cluster/cluster";
import { takeLock } from "../machine/lock";
import { inBox } from "../node/boxes";
import { machine } from "../machine/paths";

const usage = `npm run -s node -- list           the local cluster's nodes: state, zone, pods, memory
npm run -s node -- drain NAME     moves a node's pods to the others, as their PodDisruptionBudgets allow; no new ones come
npm run -s node -- kill NAME      the node loses its power: everything in it ends at once, and nobody is told
npm run -s node -- start NAME     starts a node that was killed, and lets pods come to one that was drained
npm run -s node -- exec NAME …    runs a command in a node, such as \`ctr --namespace k8s.io images list\``;

const actions = { list: listNodes, drain: drainNode, kill: killNode, start: startLostNode } as const;

/** @throws in a sentence if there is no such node. */
function findNode(name: string | undefined): Node {
    const nodes = describeNodes(rememberedNodes());
    const node = nodes.find((candidate) => candidate.name === name);
    if (node) return node;
    const names = nodes.map((candidate) => candidate.name).join(", ");
    throw new Error(`There is no node ${JSON.stringify(name ?? "")}. The cluster has ${names}.`);
}

/** Runs a command in a node, with this command's own input and output. @returns its exit code. */
function execute(node: Node, command: readonly string[]): number {
    const { program, args } = inBox(node.box, command);
    const { status, error } = spawnSync(program, args, { stdio: "inherit" });
    if (error) throw error;
    return status ?? 1;
}

async function main(): Promise<void> {
    const args = process.argv.slice(2);
    if (args[0] === "exec" && args.length > 2) {
        process.exitCode = execute(findNode(args[1]), args.slice(2));
        return;
    }
    const { positionals, values } = parseArgs({ args, allowPositionals: true, options: { help: { type: "boolean" } } });
    const [action, name, ...more] = positionals;
    if (values.help || !(action in actions) || more.length > 0 || (action === "list") !== (name === undefined)) {
        console.log(usage);
        process.exitCode = values.help ? 0 : 2;
        return;
    }
    if (!existsSync(machine.kubeconfig)) throw new Error("There is no local cluster. npm start brings it up.");
    if (action === "list") return listNodes();
    const node = findNode(name);
    takeLock();
    if (action !== "kill" && !(await clusterIsUpSoon()))
        throw new Error("The local cluster is not up. npm start brings it up.");
    await actions[action as keyof typeof actions](node);
}

main().catch((error: unknown) => {
    console.error(error instanceof Error ? error.message : error);
    process.exitCode = 1;
});
