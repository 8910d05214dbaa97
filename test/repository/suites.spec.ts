import { expect } from "chai";
import { listFiles } from "../machine/documentation/commands";
import { folders } from "../running/suites";

describe("npm test", () => {
    const all = Object.values(folders).flatMap((tier) => Object.values<string>(tier));
    // The scenario is for a stack that is there; Deployed runs it.
    const specs = listFiles("*.spec.ts").filter((path) => !path.startsWith("scenario/"));

    it("runs each test that there is, once", () => {
        expect(specs).to.have.length.greaterThan(40);
        for (const path of specs)
            expect(
                all.filter((folder) => path.startsWith(`${folder}/`)),
                path,
            ).to.have.lengthOf(1);
    });

    it("has no suite without a test", () => {
        for (const folder of all)
            expect(
                specs.some((path) => path.startsWith(`${folder}/`)),
                folder,
            ).to.equal(true);
    });
});
