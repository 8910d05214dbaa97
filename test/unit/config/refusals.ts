import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { readSettings, type Settings } from "../../../config";
import { installMocks } from "../mocks";
import { configure } from "../stackConfig";

type Configuration = Parameters<typeof configure>;

/** The settings that a stack with this configuration has. */
export function accepted(...configuration: Configuration): Settings {
    configure(...configuration);
    return readSettings();
}

/** The message that the configuration is refused with. */
export function refusal(...configuration: Configuration): string {
    configure(...configuration);
    try {
        readSettings();
    } catch (error) {
        // Pulumi prints a RunError as its message alone, anything else as a stack trace.
        expect(pulumi.RunError.isInstance(error), String(error)).to.equal(true);
        return (error as pulumi.RunError).message;
    }
    throw new Error("the settings were accepted");
}

/** A text, and how a sentence shows it where JSON alone would leave something invisible. */
type Refused = string | readonly [text: string, shown: string];

const cut = (text: string) => (text.length > 100 ? `${text.slice(0, 100)}…` : text);

/** A test for each text that it is refused for that key, with one sentence and no other; beside it the stack may set more. */
export function refuses(key: string, says: string, texts: readonly Refused[], ...beside: Configuration): void {
    before(installMocks);
    const [values, secrets] = beside;
    for (const refused of texts) {
        const [text, shown] = typeof refused === "string" ? [refused, JSON.stringify(cut(refused))] : refused;
        it(`not ${shown}`, () => {
            expect(refusal({ ...values, [key]: text }, secrets)).to.equal(`${key} ${says}, and is ${shown}.`);
        });
    }
}

/** A test that each text is taken for that key. */
export function takes(key: string, texts: readonly string[]): void {
    before(installMocks);
    for (const text of texts) {
        it(JSON.stringify(cut(text)), () => {
            accepted({ [key]: text });
        });
    }
}
