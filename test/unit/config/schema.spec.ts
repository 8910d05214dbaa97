import { expect } from "chai";
import { installMocks } from "../mocks";
import { accepted, refuses, takes } from "./refusals";

describe("acceptEula", () => {
    describe("is true, and nothing like it:", () => {
        refuses("acceptEula", "must be true, since engines run only for those who accept the licence of their image", [
            "false",
            "",
            "yes",
            "1",
            "TRUE",
            "True",
            "y",
            "on",
            "true ",
            " true",
            "true\n",
            "truee",
            "0",
            "null",
            "{}",
            "accept",
        ]);
    });
});

describe("timeoutSeconds", () => {
    before(installMocks);

    describe("is a whole number of seconds, and at most a day:", () => {
        refuses("timeoutSeconds", "must be a whole number from 1 to 86400", [
            ...["", "0", "00", "-1", "+1", "1.0", "1.5", ".5", "1e3", "1e309", "1e-3", "86401", "100000"],
            ...["10000000000", "0x10"],
            ...["1_000", "1,000", " 300", "300 ", "300\n", "300s", "5m", "NaN", "Infinity", "0300", "３００", "true"],
            ...["[300]", "{}"],
            ...["9".repeat(400)],
        ]);
        takes("timeoutSeconds", ["1", "300", "86400"]);
    });

    it("is a number", () => {
        expect(accepted({ timeoutSeconds: 77 }).timeoutSeconds).to.equal(77);
    });
});
