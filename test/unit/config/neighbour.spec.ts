import { expect } from "chai";
import { keys } from "../../../config/keys";
import { neighbourOf } from "../../../config/neighbour";
import { installMocks } from "../mocks";
import { refusal } from "./refusals";

const known = Object.keys(keys);

/** The ways in which a name is mistyped, at a place in it. */
const slips: Readonly<Record<string, (name: string, at: number) => string>> = {
    "a letter less": (name, at) => name.slice(0, at) + name.slice(at + 1),
    "a letter twice": (name, at) => name.slice(0, at) + name.slice(at - 1),
    "another letter": (name, at) => `${name.slice(0, at)}#${name.slice(at + 1)}`,
    "two letters changed over": (name, at) => name.slice(0, at - 1) + name[at] + name[at - 1] + name.slice(at + 1),
    "other cases": (name) => name.toUpperCase(),
    underscores: (name) => name.replace(/[A-Z]/g, (letter) => `_${letter.toLowerCase()}`),
    hyphens: (name) => name.replace(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`),
};

describe("the neighbour of a misspelt key", () => {
    before(installMocks);

    for (const [slip, misspell] of Object.entries(slips)) {
        it(`is found after ${slip}`, () => {
            for (const key of known) {
                for (let at = 1; at < key.length; at++) {
                    const misspelt = misspell(key, at);
                    const found = neighbourOf(misspelt, known);
                    // Where the number is what is wrong, it can't be known which engine is meant.
                    const either = new RegExp(`^${key.replace(/\d/, "[12]")}$`);
                    expect(found, misspelt).to.match(either);
                }
            }
        });
    }

    it("is none where nothing is near", () => {
        for (const name of [
            "",
            "x",
            "size",
            "password",
            "replicas",
            "constructor",
            "__proto__",
            "a".repeat(1_000_000),
        ]) {
            expect(neighbourOf(name, known), name.slice(0, 20)).to.equal(undefined);
        }
    });

    it("is asked for in the sentence, and nobody is asked where there is none", () => {
        expect(refusal({ hostPth: "/data/docs" })).to.equal(
            "hostPth is not a configuration key. Did you mean hostPath?",
        );
        expect(refusal({ engine3NodePort: 30763 })).to.equal(
            "engine3NodePort is not a configuration key. Did you mean engine1NodePort?",
        );
        expect(refusal({ replicas: 3 })).to.equal(
            "replicas is not a configuration key: Pulumi.yaml has all there are.",
        );
        expect(refusal({ ["host\nPath"]: "/data/docs" })).to.equal(
            '"host\\nPath" is not a configuration key. Did you mean hostPath?',
        );
        expect(refusal({ toString: "x" })).to.equal(
            "toString is not a configuration key: Pulumi.yaml has all there are.",
        );
    });
});
