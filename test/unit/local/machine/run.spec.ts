import { expect } from "chai";
import { existsSync, mkdtempSync, readFileSync, readdirSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { writeDurably } from "../../../../local/machine/durable";
import { CommandFailed, run } from "../../../../local/machine/run";

describe("a command that is run", function () {
    this.timeout(10_000);

    it("and does not end in time is killed, and named with its log", async () => {
        const failed = run("test-run", "sh", ["-c", "echo begun; sleep 60 & exec sleep 61"], { deadlineSeconds: 0.5 });
        const error = await failed.catch((caught: unknown) => caught);
        expect(error).to.be.instanceOf(CommandFailed);
        const { message } = error as CommandFailed;
        expect(message).to.match(/^sh did not end within 0\.5 s \(sh -c echo begun; .*\):\nbegun\n/);
        const log = /Whole output: (.*)$/.exec(message)?.[1] ?? "";
        expect(readFileSync(log, "utf8")).to.include("begun");
    });

    it("and ends in time is none the wiser", async () => {
        expect(await run("test-run", "sh", ["-c", "echo out; echo err >&2"], { deadlineSeconds: 5 })).to.equal("out\n");
    });
});

describe("a file that is written durably", () => {
    const directory = mkdtempSync(join(tmpdir(), "document-sync-test-"));
    const file = join(directory, "record.json");

    after(() => rmSync(directory, { recursive: true, force: true }));

    it("has its new text, is its owner's alone, and nothing lies beside it", () => {
        writeDurably(file, "first");
        writeDurably(file, "second");
        expect(readFileSync(file, "utf8")).to.equal("second");
        expect(statSync(file).mode & 0o777).to.equal(0o600);
        expect(readdirSync(directory)).to.deep.equal(["record.json"]);
    });

    it("takes another mode, also where a crash left an unfinished one", () => {
        writeFileSync(`${file}.${process.pid}.unfinished`, "half of", { mode: 0o600 });
        writeDurably(file, "third", 0o640);
        expect(readFileSync(file, "utf8")).to.equal("third");
        expect(statSync(file).mode & 0o777).to.equal(0o640);
        expect(existsSync(`${file}.${process.pid}.unfinished`)).to.equal(false);
    });
});
