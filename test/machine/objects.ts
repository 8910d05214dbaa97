import { expect } from "chai";
import type { TestMachine } from "./testMachine";

interface Listed {
    readonly kind: string;
    readonly metadata: {
        readonly name: string;
        readonly labels: Readonly<Record<string, string>>;
        readonly deletionTimestamp?: string;
        readonly ownerReferences?: readonly unknown[];
    };
}

/** The dev stack is there once: what there must be one of is not there twice, whoever started it how often. */
export async function expectOneStack(machine: TestMachine, clone: string): Promise<void> {
    const kubectl = (...args: string[]) =>
        machine.mustRun("npm", ["run", "--silent", "kubectl", "--", ...args], { cwd: clone });
    // npm may warn of a user's settings before what was asked for, and of an update after it.
    const names = await kubectl("api-resources", "--verbs=list,delete", "--output", "name");
    const kinds = names.split("\n").filter((line) => /^[a-z]+(\.[a-z0-9.]+)?$/.test(line));
    const selector = ["--selector", "document-sync/stack=dev"];
    const printed = await kubectl("get", kinds.join(","), ...selector, "--all-namespaces", "--output", "json");
    const { items } = JSON.parse(printed.slice(printed.indexOf("{"))) as { items: Listed[] };
    const keys = items
        .filter(({ metadata }) => metadata.ownerReferences === undefined && metadata.deletionTimestamp === undefined)
        .map(({ kind, metadata: { labels } }) => {
            const instance = labels["app.kubernetes.io/instance"];
            return instance === undefined ? kind : `${kind} ${labels["app.kubernetes.io/name"]} ${instance}`;
        });
    expect(keys.sort()).to.deep.equal([...new Set(keys)]);
    for (const needed of [
        /^Namespace$/,
        /Volume /,
        /^StatefulSet /,
        /^Deployment .* engine1$/,
        /^Deployment .* engine2$/,
    ]) {
        expect(
            keys.some((key) => needed.test(key)),
            `${needed} in ${keys.join(", ")}`,
        ).to.equal(true);
    }
}
