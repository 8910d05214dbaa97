import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isAtLeast } from "../../../../local/artifacts/toolchain/go";
import { projectDirectory } from "../../../../local/machine/paths";

/** Versions of the modules that a go.mod requires, by path. */
function readModules(file: string): Map<string, string> {
    const text = readFileSync(join(projectDirectory, "local/artifacts/toolchain", file), "utf8");
    return new Map([...text.matchAll(/^\t(\S+) (v\S+)/gm)].map(([, path, version]) => [path, version]));
}

describe("the Go that builds the tools", () => {
    it("is compared by numbers, not by letters", () => {
        expect(isAtLeast("1.25.8", "1.25.8")).to.equal(true);
        expect(isAtLeast("1.25.10", "1.25.8")).to.equal(true);
        expect(isAtLeast("1.26", "1.25.8")).to.equal(true);
        expect(isAtLeast("1.100.0", "1.25.8")).to.equal(true);
        expect(isAtLeast("1.27rc1", "1.25.8")).to.equal(true);
        expect(isAtLeast("1.25", "1.25.8")).to.equal(false);
        expect(isAtLeast("1.9.9", "1.25.8")).to.equal(false);
    });

    it("compiles no module at two versions but Pulumi's SDK", () => {
        const [tools, host] = [readModules("go.mod"), readModules("nodejs-host/go.mod")];
        const atTwo = [...host].filter(([path, version]) => tools.has(path) && tools.get(path) !== version);
        expect(host.size).to.be.greaterThan(40);
        expect(atTwo.map(([path]) => path)).to.deep.equal(["github.com/pulumi/pulumi/sdk/v3"]);
    });
});
