import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { projectDirectory } from "../../../../local/machine/paths";
import { storageClasses } from "../../../../local/cluster/storage/storageClasses";

interface StorageClass {
    readonly metadata: { readonly name: string };
    readonly provisioner: string;
    readonly parameters: Readonly<Record<string, string>>;
    readonly reclaimPolicy: string;
}

const read = (hasReplicas: boolean) => (JSON.parse(storageClasses(hasReplicas)) as { items: StorageClass[] }).items;

describe("StorageClasses", () => {
    it("are over the directory that nodes share, and over the replicated one where there is one", () => {
        const described = (hasReplicas: boolean) =>
            read(hasReplicas).map(({ metadata, parameters, reclaimPolicy }) => {
                return `${metadata.name} ${parameters.directory} ${reclaimPolicy}`;
            });
        const shared = [
            "shared /var/lib/document-sync/shared Delete",
            "shared-retained /var/lib/document-sync/shared Retain",
        ];
        expect(described(false)).to.deep.equal(shared);
        expect(described(true)).to.deep.equal([
            ...shared,
            "replicated /var/lib/document-sync/replicated/volumes Delete",
            "replicated-retained /var/lib/document-sync/replicated/volumes Retain",
        ]);
    });

    it("name the provisioner and its parameter as it does", () => {
        const source = readFileSync(
            join(projectDirectory, "local/artifacts/toolchain/kubernetes/provisioner.go"),
            "utf8",
        );
        const constant = (name: string) => new RegExp(`\\b${name} += "(.+)"`).exec(source)?.[1];
        for (const { provisioner, parameters } of read(true)) {
            expect(provisioner).to.equal(constant("provisionerName"));
            expect(Object.keys(parameters)).to.deep.equal([constant("directoryParameter")]);
        }
    });
});
