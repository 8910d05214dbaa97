import { chmodSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeDurably } from "../machine/durable";
import { findBox, inBox, startBox } from "../node/boxes";
import { machine } from "../machine/paths";
import { run } from "../machine/run";
import {
    describeNodes,
    directories,
    mostNodes,
    nodeNetwork,
    policyQueues,
    serviceSubnet,
    sharedDirectories,
    type Node,
} from "./settings";

const countFile = join(machine.cluster, "nodes.json");

/** How many nodes the cluster was started with last; one if it never was. */
export function rememberedNodes(): number {
    if (!existsSync(countFile)) return 1;
    const count = Number(readFileSync(countFile, "utf8"));
    return Number.isInteger(count) && count >= 1 && count <= mostNodes ? count : 1;
}

export function rememberNodes(count: number): void {
    writeDurably(countFile, `${count}\n`);
}

/** Reads the value of `--nodes`. @throws in a sentence if it is none. */
export function parseNodes(text: string): number {
    const count = Number(text);
    if (/^\d+$/.test(text) && count >= 1 && count <= mostNodes) return count;
    throw new Error(`--nodes must be a whole number from 1 to ${mostNodes}, not ${JSON.stringify(text)}.`);
}

/** Starts a node's box and with it the node's programs. */
export async function startNode(node: Node, kubernetes: string, tools = ""): Promise<void> {
    const brick = join(machine.bricks, node.name);
    for (const directory of [...sharedDirectories, brick]) mkdirSync(directory, { recursive: true });
    // Every pod may write in a volume, whoever it runs as; nobody else comes by.
    for (const directory of [machine.shared, machine.bricks]) chmodSync(directory, 0o700);
    mkdirSync(directories.logs, { recursive: true });
    const others = describeNodes(mostNodes).filter(({ index }) => index !== node.index);
    await startBox(node.box, join(__dirname, "..", "node", "node.sh"), {
        env: {
            NODE: node.directory,
            BRICK: brick,
            KUBERNETES: kubernetes,
            SHARED: sharedDirectories.join("\n"),
            BRIDGE: nodeNetwork.bridge,
            GATEWAY: `${nodeNetwork.gateway}/${nodeNetwork.prefixLength}`,
            ADDRESS: `${node.address}/${nodeNetwork.prefixLength}`,
            POD_ROUTES: others.map(({ podSubnet, address }) => `${podSubnet} ${address}`).join("\n"),
            POD_SUBNET: node.podSubnet,
            SERVICE_SUBNET: serviceSubnet,
            NEW_POD_QUEUE: String(policyQueues.newPods),
            POLICY_QUEUE: String(policyQueues.policies),
            TOOLS: tools,
        },
        log: join(directories.logs, `${node.name}.log`),
    });
}

/** Whether a node's box is there. */
export const nodeRuns = ({ box }: Node) => findBox(box) !== undefined;

/** Runs a command in a node, with its output in `.local/logs/NAME.log`. @throws if it fails or takes longer, or there is no such node. */
export async function runInNode(
    node: Node,
    name: string,
    command: readonly string[],
    options: { readonly deadlineSeconds: number; readonly input?: string },
): Promise<string> {
    const { program, args } = inBox(node.box, command);
    return run(name, program, args, options);
}
