import { expect } from "chai";
import { isUsableVersion } from "../../../../local/artifacts/pulumi/versions";

describe("a Pulumi CLI on PATH", () => {
    it("is used from 3.246 up to, not including, 4", () => {
        for (const version of ["v3.246.0", "v3.260.1", "3.1000.0"]) {
            expect(isUsableVersion(version), version).to.equal(true);
        }
        for (const version of ["v3.245.9", "v4.0.0", "v2.300.0", "", "pulumi"]) {
            expect(isUsableVersion(version), version).to.equal(false);
        }
    });
});
