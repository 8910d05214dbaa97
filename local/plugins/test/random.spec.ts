import { compare } from "bcryptjs";
import { expect } from "chai";
import { stringAt, withoutSecrets, type Properties } from "../properties";
import { randomProvider } from "../random/provider";

const provider = randomProvider("0");
const resource = (kind: string) => {
    const type = `random:index/${kind.charAt(0).toLowerCase()}${kind.slice(1)}:${kind}`;
    return { urn: `urn:pulumi:s::p::${type}::it`, type, name: "it" };
};
const create = async (kind: string, inputs: Properties) => {
    const { id, state } = await provider.create({ ...resource(kind), inputs, preview: false, timeout: 0 });
    return { id, state: withoutSecrets(state) };
};
const refusal = (kind: string, inputs: Properties) =>
    provider
        .check({ ...resource(kind), inputs, oldInputs: {}, randomSeed: new Uint8Array() })
        .then(() => "nothing", String);

describe("the local random plugin", function () {
    // The hash is slow on purpose.
    this.timeout(20_000);

    it("draws a password as asked for, with its bcrypt hash", async () => {
        const inputs = { length: 32, special: false, minUpper: 3, minNumeric: 4 };
        const { state } = await create("RandomPassword", inputs);
        const result = stringAt(state, "result");
        expect(result).to.match(/^[A-Za-z0-9]{32}$/);
        expect(result.replace(/[^A-Z]/g, "").length).to.be.at.least(3);
        expect(result.replace(/\D/g, "").length).to.be.at.least(4);
        expect(await compare(result, stringAt(state, "bcryptHash"))).to.equal(true);
        expect((await create("RandomPassword", inputs)).state.result).not.to.equal(result);
    });

    it("draws only from overrideSpecial where it is the only set", async () => {
        const none = { lower: false, upper: false, numeric: false };
        const { state } = await create("RandomPassword", { ...none, length: 20, overrideSpecial: "-_" });
        expect(state.result).to.match(/^[-_]{20}$/);
    });

    it("writes the same bytes in five ways, with the prefix on four", async () => {
        const { id, state } = await create("RandomId", { byteLength: 6, prefix: "p-" });
        const hex = stringAt(state, "hex").replace("p-", "");
        expect(hex).to.match(/^[0-9a-f]{12}$/);
        expect(id).to.equal(Buffer.from(hex, "hex").toString("base64url"));
        expect(state).to.include({ id, b64Url: `p-${id}`, dec: `p-${BigInt(`0x${hex}`)}` });
        expect(state.b64Std).to.equal(`p-${Buffer.from(hex, "hex").toString("base64")}`);
    });

    it("replaces for any changed input, and for nothing else", async () => {
        const { id, state } = await create("RandomPassword", { length: 8, keepers: { b: "1", a: "2" } });
        const diff = (inputs: Properties) =>
            provider.diff({ ...resource("RandomPassword"), id, oldState: state, inputs, ignoreChanges: [] });
        expect(await diff({ length: 8, keepers: { a: "2", b: "1" }, upper: true })).to.include({ changed: false });
        expect((await diff({ length: 9, keepers: { a: "2", b: "1" } })).replaces).to.deep.equal(["length"]);
        expect((await diff({ length: 8 })).replaces).to.deep.equal(["keepers"]);
    });

    it("refuses inputs that make no sense, in one sentence", async () => {
        expect(await refusal("RandomPassword", { length: 0 })).to.contain(
            "length of a RandomPassword must be a whole number from 1",
        );
        expect(await refusal("RandomPassword", { length: 3, minLower: 4 })).to.contain(
            "less than its minimums together (4)",
        );
        expect(await refusal("RandomId", { byteLength: "four" })).to.contain(
            'byteLength of a RandomId must be a whole number from 1, not "four"',
        );
        expect(await refusal("RandomPet", {})).to.contain(
            "the local random plugin does not know random:index/randomPet:RandomPet",
        );
    });
});
