import * as pulumi from "@pulumi/pulumi";
import fc from "fast-check";
import { expect } from "chai";
import { readSettings } from "../../../config";
import { isPrintable } from "../../../config/characters";
import { keys } from "../../../config/keys";
import { installMocks } from "../mocks";
import { configure, declared } from "../stackConfig";

type Texts = Record<string, string>;

const names = Object.keys(keys);

/** Texts of which a value may consist: good ones, pieces of them, and anything at all. */
const pieces = [
    ...Object.values(declared).map(({ default: value }) => String(value ?? "")),
    ...["/data/docs", "example.com/engine:1", "12.792.0", "true", "guest", "clusterIP", "someone@example.com"],
    ...["30761", "[::1]"],
    ...[
        "/",
        "..",
        ":",
        "@",
        "%",
        ".",
        "e9",
        "Gi",
        "\n",
        "\r",
        "\0",
        "\u202e",
        "\ud800",
        " ",
        "#",
        '"',
        "\\",
        "$(id)",
        "a".repeat(300),
    ],
];
const piece = fc.oneof(fc.constantFrom(...pieces), fc.string({ unit: "binary" }), fc.string());
const text = fc.oneof(
    piece,
    fc.array(piece, { maxLength: 4 }).map((parts) => parts.join("")),
);
/** As somebody types one: nearly right. */
const misspelt = fc
    .tuple(fc.constantFrom(...names), fc.nat(20), piece)
    .map(([name, at, some]) => name.slice(0, at) + some.slice(0, 20) + name.slice(at + 1));
const texts: fc.Arbitrary<Texts> = fc.dictionary(fc.oneof(fc.constantFrom(...names), misspelt), text, { maxKeys: 8 });

/** The message of a refusal, if it is one; whatever else is thrown, throws. */
function messageOf(values: Texts, secrets: Texts = {}): string | undefined {
    configure(values, secrets);
    try {
        readSettings();
        return undefined;
    } catch (error) {
        if (pulumi.RunError.isInstance(error)) return error.message;
        throw error;
    }
}

describe("whatever the configuration is", () => {
    before(installMocks);

    it("it is taken, or refused in sentences of one line each", () => {
        fc.assert(
            fc.property(texts, (values) => {
                for (const line of messageOf(values)?.split("\n") ?? []) {
                    expect(isPrintable(line), JSON.stringify(line)).to.equal(true);
                    expect(line).to.match(/[.?]$/);
                }
            }),
            { numRuns: 1000 },
        );
    });

    it("a fault of a key is said once, and so is that of a key that there isn't", () => {
        fc.assert(
            fc.property(texts, (values) => {
                const lines = messageOf(values)?.split("\n") ?? [];
                expect(new Set(lines).size).to.equal(lines.length);
                for (const key of names) {
                    const own = lines.filter((line) => line.startsWith(`${key} must be `));
                    expect(own, key).to.have.length.below(2);
                }
            }),
            { numRuns: 300 },
        );
    });

    it("a secret is in no sentence, be it right or wrong, and under whatever key", () => {
        // Long enough that it is nothing else's, and with what each password refuses.
        const secret = fc
            .tuple(fc.constantFrom("", "/", "\n", " ", "#"), fc.constantFrom("", "\0", "\n", "ü", ":", "a".repeat(200)))
            .map(([before, after]) => `${before}s3cr3t-0f-ours${after}`);
        fc.assert(
            fc.property(
                texts,
                fc.subarray(names, { minLength: 1 }),
                fc.subarray(["brokerPassword", "dockerHubPassword"]),
                secret,
                (values, encrypted, plain, value) => {
                    const valueOf = (some: readonly string[]) => Object.fromEntries(some.map((key) => [key, value]));
                    const secrets = valueOf(encrypted.filter((key) => !plain.includes(key)));
                    const message = messageOf({ ...values, ...valueOf(plain) }, secrets);
                    expect(message ?? "").not.to.include("s3cr3t");
                },
            ),
            { numRuns: 500 },
        );
    });
});
