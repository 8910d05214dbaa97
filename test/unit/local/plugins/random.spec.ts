import { compare } from "bcryptjs";
import { expect } from "chai";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { serve } from "../../../../local/artifacts/plugins/random/server";
import { Caller, type Request } from "./caller";

interface Recorded {
    readonly method: string;
    readonly request: Request;
    readonly response: { readonly id?: string; readonly properties?: Record<string, unknown> };
}

type State = Record<string, unknown>;

const recordings = readFileSync(join(__dirname, "fixtures", "random.jsonl"), "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Recorded);

const typeOf = (kind: string) => `random:index/${kind.charAt(0).toLowerCase()}${kind.slice(1)}:${kind}`;

/** As the engine marks one on the wire; and without that mark. */
const secret = (value: unknown) => ({
    "4dabf18193072939515e22adb298388d": "1b47061264138c4ac30d75fd1eb44270",
    value,
});
const revealed = (value: unknown) => (value as { value: string }).value;

describe("the local random plugin", function () {
    // The hash is slow on purpose.
    this.timeout(20_000);
    let plugin: Awaited<ReturnType<typeof serve>>;
    let caller: Caller;
    before(async () => {
        plugin = await serve("4.21.1");
        caller = new Caller(plugin.port);
    });
    after(() => {
        caller.close();
        plugin.stop();
    });

    const create = async (kind: string, properties: Request["properties"]) => {
        const response = await caller.call("Create", { type: typeOf(kind), properties });
        return { id: response.id as string, state: response.properties as State };
    };
    const refusal = (kind: string, news: Request["news"]) =>
        caller.call("Check", { type: typeOf(kind), news }).then(() => "nothing", String);

    describe("answers as the released one did:", () => {
        for (const { method, request, response } of recordings) {
            const title = `${method} ${request.type?.split(":").at(-1)}${request.preview ? ", in a preview" : ""}`;
            it(title, async () => {
                const ours = await caller.call(method, request);
                if (method !== "Create" || request.preview) {
                    expect(ours).to.deep.equal(response);
                    return;
                }
                const drawn = ["id", "b64Std", "b64Url", "dec", "hex", "bcryptHash", "result"];
                const fixed = (properties: State = {}) =>
                    Object.entries(properties).filter(([key]) => !drawn.includes(key));
                const properties = ours.properties as State;
                expect(fixed(properties)).to.have.deep.members(fixed(response.properties));
                expect(properties).to.have.all.keys(Object.keys(response.properties ?? {}));
            });
        }
    });

    it("draws a password as asked for, with its bcrypt hash", async () => {
        const inputs = { length: 32, special: false, minUpper: 3, minNumeric: 4 };
        const { state } = await create("RandomPassword", inputs);
        const result = revealed(state.result);
        expect(result).to.match(/^[A-Za-z0-9]{32}$/);
        expect(result.replace(/[^A-Z]/g, "").length).to.be.at.least(3);
        expect(result.replace(/\D/g, "").length).to.be.at.least(4);
        expect(await compare(result, revealed(state.bcryptHash))).to.equal(true);
        expect(revealed((await create("RandomPassword", inputs)).state.result)).not.to.equal(result);
    });

    it("draws only from overrideSpecial where it is the only set", async () => {
        const none = { lower: false, upper: false, numeric: false };
        const { state } = await create("RandomPassword", { ...none, length: 20, overrideSpecial: "-_" });
        expect(revealed(state.result)).to.match(/^[-_]{20}$/);
    });

    it("writes the same bytes in five ways, with the prefix on four", async () => {
        const { id, state } = await create("RandomId", { byteLength: 6, prefix: "p-" });
        const hex = String(state.hex).replace("p-", "");
        expect(hex).to.match(/^[0-9a-f]{12}$/);
        expect(id).to.equal(Buffer.from(hex, "hex").toString("base64url"));
        expect(state).to.include({ id, b64Url: `p-${id}`, dec: `p-${BigInt(`0x${hex}`)}` });
        expect(state.b64Std).to.equal(`p-${Buffer.from(hex, "hex").toString("base64")}`);
    });

    describe("keepers", () => {
        const inputsOf = { RandomPassword: { length: 8 }, RandomId: { byteLength: 8 } };
        const others = { RandomPassword: "overrideSpecial", RandomId: "prefix" };
        const missing = secret({ replace: { raw: null } });

        for (const kind of ["RandomPassword", "RandomId"] as const) {
            for (const keepers of [{ generation: "1" }, {}]) {
                it(`${JSON.stringify(keepers)} of a ${kind} are in the state as the released plugin reads them`, async () => {
                    const { state } = await create(kind, { ...inputsOf[kind], keepers });
                    expect(state.keepers).to.deep.equal(keepers);
                    const form = { obj: { ps: { keepers: { map: {} }, [others[kind]]: missing } } };
                    expect(state.__pulumi_raw_state_delta).to.deep.equal(form);
                });
            }
        }

        it("are kept by a refresh", async () => {
            const type = typeOf("RandomId");
            const { id, state } = await create("RandomId", { byteLength: 8, keepers: { generation: "1" } });
            const read = await caller.call("Read", {
                type,
                id: String(id),
                properties: state as Request["properties"],
            });
            expect(read.properties).to.deep.equal(state);
        });

        it("none that become empty ones are changed in place, with what was drawn", async () => {
            const type = typeOf("RandomPassword");
            const { state } = await create("RandomPassword", { length: 8 });
            const [olds, news] = [state as Request["olds"], { length: 8, keepers: {} }];
            expect(await caller.call("Diff", { type, olds, news })).to.deep.equal({
                changes: "DIFF_SOME",
                diffs: ["keepers"],
            });
            const { properties } = await caller.call("Update", { type, olds, news });
            expect(properties).to.deep.include({ result: state.result, keepers: {} });
        });
    });

    describe("a difference", () => {
        const type = typeOf("RandomPassword");
        let olds: Request["olds"];
        before(async () => {
            const inputs = { length: 8, keepers: { b: "1", a: "2" } };
            olds = (await create("RandomPassword", inputs)).state as Request["olds"];
        });
        const diff = (news: Request["news"], ignoreChanges: string[] = []) =>
            caller.call("Diff", { type, olds, news, ignoreChanges });
        const replacing = (...names: string[]) => ({ changes: "DIFF_SOME", diffs: names, replaces: names });

        it("is none in another order of the keepers, or in a default that is said", async () => {
            const same = { length: 8, keepers: { a: "2", b: "1" }, upper: true };
            expect(await diff(same)).to.deep.equal({ changes: "DIFF_NONE" });
        });

        it("names each input that has changed, and replaces for it", async () => {
            const keepers = { a: "2", b: "1" };
            expect(await diff({ length: 9, keepers })).to.deep.equal(replacing("length"));
            expect(await diff({ length: 8 })).to.deep.equal(replacing("keepers"));
            expect(await diff({ length: 8, keepers: { ...keepers, a: "3" } })).to.deep.equal(replacing("keepers"));
            expect(await diff({ length: 9, special: false, keepers })).to.deep.equal(replacing("length", "special"));
            expect(await diff({ length: 8, numeric: false, keepers })).to.deep.equal(replacing("number", "numeric"));
        });

        it("is none in what is ignored", async () => {
            expect(await diff({ length: 9 }, ["keepers"])).to.deep.equal(replacing("length"));
            expect(await diff({ length: 8 }, ["keepers"])).to.deep.equal({ changes: "DIFF_NONE" });
        });
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
            "The local random plugin knows no random:index/randomPet:RandomPet. Use random:index/randomPassword:RandomPassword",
        );
    });
});
