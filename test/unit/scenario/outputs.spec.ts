import { expect } from "chai";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { findEngines } from "../../../scenario/engines";

/** What stands in for a CLI: the lines of a shell script that gets the CLI's arguments. */
interface Fakes {
    readonly pulumi?: string;
    readonly npm?: string;
}

const stackWith = (name: string, outputs: object) =>
    `case "$*" in *--show-name*) echo ${name} ;; *"stack output --json --stack ${name}"*) echo '${JSON.stringify(outputs)}' ;; esac`;
const failing = (words: string) => `echo "${words}" >&2; exit 255`;
const urls = (port: number) => ({ engine1Url: `ws://127.0.0.1:${port}`, engine2Url: `ws://127.0.0.1:${port + 1}` });

describe("the stack whose engines the scenario takes", () => {
    let directory: string;
    beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "outputs-spec-"))));
    afterEach(() => rmSync(directory, { recursive: true }));

    /** The URLs that are found, and what is printed, with these commands and no others on PATH. */
    async function find(fakes: Fakes): Promise<{ urls?: string[]; refusal?: string; printed: string[] }> {
        for (const [name, script] of Object.entries(fakes)) {
            writeFileSync(join(directory, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
        }
        const printed: string[] = [];
        const { log } = console;
        console.log = (line: string) => printed.push(line);
        try {
            const engines = await findEngines({ PATH: directory });
            return { urls: engines.map(({ url }) => url), printed };
        } catch (error) {
            return { refusal: (error as Error).message, printed };
        } finally {
            console.log = log;
        }
    }

    it("is the one selected in the caller's own Pulumi", async () => {
        const found = await find({ pulumi: stackWith("mine", urls(1000)), npm: stackWith("dev", urls(2000)) });
        expect(found).to.deep.equal({
            urls: ["ws://127.0.0.1:1000", "ws://127.0.0.1:1001"],
            printed: ["Engines of stack mine (pulumi stack output): ws://127.0.0.1:1000 ws://127.0.0.1:1001"],
        });
    });

    for (const [what, pulumi] of [
        ["has no stack selected", failing("error: no stack selected")],
        ["is not there", undefined],
    ] as const) {
        it(`is the local one where the caller's own Pulumi ${what}`, async () => {
            const found = await find({ ...(pulumi && { pulumi }), npm: stackWith("dev", urls(2000)) });
            expect(found).to.deep.equal({
                urls: ["ws://127.0.0.1:2000", "ws://127.0.0.1:2001"],
                printed: [
                    "Engines of stack dev (npm run -s pulumi -- stack output): ws://127.0.0.1:2000 ws://127.0.0.1:2001",
                ],
            });
        });
    }

    it("is never the local one because the caller's own can't be read", async () => {
        const unreadable = `case "$*" in *--show-name*) echo mine ;; *) ${failing("error: incorrect passphrase")} ;; esac`;
        expect(await find({ pulumi: unreadable, npm: stackWith("dev", urls(2000)) })).to.deep.equal({
            refusal: "The outputs of stack mine (pulumi) cannot be read: error: incorrect passphrase",
            printed: [],
        });
    });

    it("is refused while it is not up", async () => {
        expect((await find({ npm: stackWith("dev", {}) })).refusal).to.equal(
            "Stack dev (npm run -s pulumi --) has no outputs engine1Url and engine2Url: bring it up, or set ENGINE1 and ENGINE2.",
        );
    });

    it("is missed where there is none", async () => {
        expect((await find({ npm: failing("error: there is\n  nothing") })).refusal).to.equal(
            "ENGINE1 and ENGINE2 are not set, and there is no stack to take the engines from: error: there is nothing",
        );
    });
});
