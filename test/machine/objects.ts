import { expect } from "chai";
import type { TestMachine } from "./testMachine";

interface Listed {
    readonly kind: string;
    readonly metadata: { readonly name: string; readonly deletionTimestamp?: string };
}

/** The dev stack is there once: what there must be one of is not there twice, whoever started it how often. */
export async function expectOneStack(machine: TestMachine, clone: string): Promise<void> {
    const kinds = "namespaces,persistentvolumes,statefulsets,deployments";
    const args = ["run", "--silent", "kubectl", "--", "get", kinds, "--all-namespaces", "--output", "json"];
    const printed = await machine.mustRun("npm", args, { cwd: clone });
    // npm may warn of a user's settings before it.
    const { items } = JSON.parse(printed.slice(printed.indexOf("{"))) as { items: Listed[] };
    const names = (kind: string, name: RegExp) =>
        items
            .filter((item) => item.kind === kind && name.test(item.metadata.name))
            .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
            .map(({ metadata }) => metadata.name);
    expect(names("Namespace", /^document-sync-dev-/), "namespaces").to.have.lengthOf(1);
    expect(names("PersistentVolume", /^documents-/), "volumes").to.have.lengthOf(1);
    expect(names("StatefulSet", /^broker-/), "brokers").to.have.lengthOf(1);
    expect(names("Deployment", /^engine1-/), "engines 1").to.have.lengthOf(1);
    expect(names("Deployment", /^engine2-/), "engines 2").to.have.lengthOf(1);
}
