import fc from "fast-check";
import { expect } from "chai";
import { volumeSize } from "../../../config/schemas/quantity";
import { refuses, takes } from "./refusals";

const says = "must be a Kubernetes quantity from 1Mi to 1Ei, as 5Gi";

describe("documentsSize", () => {
    describe("is a quantity:", () => {
        refuses("documentsSize", says, [
            ...["", " ", "5 GB", "5 Gigs", "5GB", "5gi", "5GI", "5K", "5KB", "5B", "Gi", ".", ".Gi", "1.2.3Gi"],
            ...["1,5Gi"],
            ...["-5Gi", "+5Gi", "--5Gi", " 5Gi", "5Gi ", "5 Gi", "5_000Mi", "0x10Gi", "NaN", "Infinity", "five"],
            ...["5Gi5Gi"],
            ...["5e", "5e+", "5e1.5", "5Ee3", "5Gi3", "5e3Gi", "1/2Gi", "5Zi", "5Yi", "5Z", "{}", "[]", "null", "true"],
            ...["5Gi\n", "5\0Gi", "٥Gi", "５Gi"],
        ]);
    });

    describe("has no parts of a byte:", () => {
        const parts = ["m", "n", "u"].flatMap((unit) => [`1${unit}`, `5000000000000${unit}`]);
        refuses("documentsSize", says, [...parts, "µ", "1µ"]);
    });

    describe("is at least 1Mi:", () => {
        refuses("documentsSize", says, [
            ...["0", "0Gi", "00Gi", "0.0Gi", ".0Gi", "0e9", "0.0000001", "0.0000001Gi", "1", "5", "1k", "1Ki"],
            ...["1023Ki"],
            ...["1048575", "1048575.999999", "1M", "1.048575M", "1048.575k", "1048575999e-3", "5E3", "1e6", "1e-9"],
            ...["1e-99"],
        ]);
        takes("documentsSize", [
            "1Mi",
            "1048576",
            "1024Ki",
            "1.048576M",
            "1048.576k",
            "1048576000e-3",
            "0.001Gi",
            "2M",
        ]);
    });

    describe("is at most 1Ei:", () => {
        refuses("documentsSize", says, [
            ...["2Ei", "1.0000000000000000001Ei", "1025Pi", "1152921504606846977", "2E", "2e18", "1e19", "1E99"],
            ...["1e+30"],
            ...["1e999999999", "1E999999999", "1e-999999999", "9e99999999999999999999", "1e100", "1e1000Gi"],
            ...["99999999999999999999999999999999Gi", "999999999999999999999999999999Ei", "100000000000000000000000Ki"],
            ...[`${"9".repeat(10_000)}Gi`, `0.${"0".repeat(10_000)}1Gi`],
        ]);
        takes("documentsSize", ["1Ei", "1024Pi", "1152921504606846976", "1E", "1e18", "1.0E", "1E18", "1.0000Ei"]);
    });

    describe("takes", () => {
        takes("documentsSize", [
            "5Gi",
            "1.5Gi",
            "5.Gi",
            ".5Gi",
            "05Gi",
            "500M",
            "5G",
            "100Ti",
            "2P",
            "5e9",
            "5E+9",
            "50e8",
        ]);
    });

    it("is compared as Kubernetes would count it", () => {
        const units = { Ki: 2 ** 10, Mi: 2 ** 20, Gi: 2 ** 30, k: 1e3, M: 1e6, G: 1e9, e3: 1e3, E6: 1e6, "": 1 };
        fc.assert(
            fc.property(
                fc.integer({ min: 0, max: 2 ** 20 }),
                fc.integer({ min: 0, max: 999 }),
                fc.constantFrom(...(Object.keys(units) as (keyof typeof units)[])),
                (whole, part, unit) => {
                    const thousandths = (whole * 1000 + part) * units[unit];
                    const text = `${whole}.${String(part).padStart(3, "0")}${unit}`;
                    expect(volumeSize.safeParse(text).success, text).to.equal(thousandths >= 2 ** 20 * 1000);
                },
            ),
        );
    });
});
