import { expect } from "chai";
import { installMocks } from "../mocks";
import { accepted, refuses } from "./refusals";

describe("engineVersion", () => {
    describe("is three numbers, and one that an engine can have:", () => {
        refuses("engineVersion", "must be the version of an engine, three numbers from 12.0.0 on, as 12.792.0", [
            ...["", "latest", "12", "12.792", "12.792.0.1", "v12.792.0", "12.792.0-rc", "12.792.x", "12..0"],
            ...[".792.0", "12.792."],
            ...[" 12.792.0", "12.792.0 ", "12.792.0\n", "-12.792.0", "+12.792.0", "12,792,0", "12.792.0x1"],
            ...["1e2.3.4", "0x12.1.1"],
            ...["0.0.0", "1.0.0", "9.9.9", "11.999.0", "012.792.0", "12.0792.0", "12.792.00", "100.0.0", "12.100000.0"],
            ...["12.0.100000", `1${"0".repeat(21)}.0.0`, `12.${"9".repeat(400)}.0`, "１２.792.0", "NaN.0.0"],
        ]);
    });

    describe("says who the engine's user is", () => {
        before(installMocks);
        const nobody = { name: "nobody", id: 65534 };
        const engine = { name: "engine", id: 1910 };
        for (const [engineVersion, user] of [
            ...["12.0.0", "12.160.0", "12.349.9", "12.349.99999"].map((version) => [version, nobody] as const),
            ...["12.350.0", "12.792.0", "12.2027.0", "13.0.0", "20.100.1", "99.99999.99999"].map(
                (version) => [version, engine] as const,
            ),
        ]) {
            it(`in ${engineVersion}: ${user.name}`, () => {
                expect(accepted({ engineVersion }).engineUser).to.deep.equal(user);
            });
        }
    });
});
