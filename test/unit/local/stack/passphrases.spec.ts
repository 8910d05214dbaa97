import { expect } from "chai";
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Passphrases, developmentPassphrase, readStackCommand } from "../../../../local/stack/pulumi/passphrases";
import { runPulumi } from "../../../../local/stack/pulumi/run";

describe("what a command of Pulumi's does to which stack", () => {
    const commands: [args: string, expected: object][] = [
        ["up --yes", { name: undefined, does: "use" }],
        ["up --yes --stack second", { name: "second", does: "use" }],
        ["up -s second --yes", { name: "second", does: "use" }],
        ["--stack=second up", { name: "second", does: "use" }],
        ["up --stack organization/document-sync/second", { name: "second", does: "use" }],
        ["config set --secret brokerPassword init", { name: undefined, does: "use" }],
        ["stack ls --json", { name: undefined, does: "use" }],
        ["stack output --json engine1Url", { name: undefined, does: "use" }],
        ["stack init second --no-select --non-interactive", { name: "second", does: "make" }],
        ["stack init --no-select second", { name: "second", does: "make" }],
        ["-C elsewhere stack init --secrets-provider passphrase second", { name: "second", does: "make" }],
        ["stack init --stack second", { name: "second", does: "make" }],
        ["stack init", { name: undefined, does: "make" }],
        ["stack init --copy-config-from dev second", { name: "second", does: "use" }],
        ["stack select second", { name: "second", does: "use" }],
        ["stack select second --create", { name: "second", does: "makeIfMissing" }],
        ["stack select -c --stack second", { name: "second", does: "makeIfMissing" }],
        ["stack select second --create -C elsewhere", { name: "second", does: "use" }],
        ["stack rm --yes second", { name: "second", does: "use" }],
        ["stack rename third", { name: undefined, does: "rename", to: "third" }],
        ["stack rename third --stack second", { name: "second", does: "rename", to: "third" }],
        ["", { name: undefined, does: "use" }],
    ];
    for (const [args, expected] of commands) {
        it(`pulumi ${args}`, () => expect(readStackCommand(args.split(" "))).to.deep.equal(expected));
    }
});

describe("the passphrases of this machine's stacks", () => {
    let directory: string;
    let passphrases: Passphrases;
    beforeEach(() => {
        directory = mkdtempSync(join(tmpdir(), "passphrases-"));
        writeFileSync(join(directory, "passphrase"), `${developmentPassphrase}\n`);
        passphrases = new Passphrases(join(directory, "passphrase"), join(directory, "passphrases"), directory);
    });
    afterEach(() => rmSync(directory, { recursive: true, force: true }));

    const read = (name: string | undefined) => readFileSync(passphrases.fileOf(name), "utf8").trim();

    it("are the one that everybody knows for dev, for a stack that is older, and where none is named", () => {
        expect(passphrases.make("dev")).to.equal(undefined);
        for (const name of ["dev", "older", undefined]) expect(read(name)).to.equal(developmentPassphrase);
    });

    it("are random for each other that is made, and readable for their owner alone", () => {
        for (const name of ["second", "third"]) {
            passphrases.make(name)?.keep();
            expect(read(name)).to.match(/^[\w-]{43}$/);
            expect(statSync(passphrases.fileOf(name)).mode & 0o777).to.equal(0o600);
        }
        expect(statSync(join(directory, "passphrases")).mode & 0o777).to.equal(0o700);
        expect(read("second")).not.to.equal(read("third"));
    });

    it("stay as they are for a stack that is made again, whose old settings they still open", () => {
        passphrases.make("second")?.keep();
        const first = read("second");
        expect(passphrases.make("second")).to.equal(undefined);
        expect(read("second")).to.equal(first);
    });

    it("are taken back for a stack that could not be made, as for one that there is already", () => {
        passphrases.make("older")?.drop();
        expect(read("older")).to.equal(developmentPassphrase);
    });

    it("lock no older stack if whoever would have made it was killed", () => {
        passphrases.make("older");
        expect(read("older")).to.equal(developmentPassphrase);
    });

    it("are found for a stack whose maker was killed when Pulumi was done", () => {
        const made = readFileSync(passphrases.make("second")!.file, "utf8").trim();
        writeFileSync(join(directory, "Pulumi.second.yaml"), "encryptionsalt: v1:AAAA:v1:BBBB:CCCC\n");
        expect(read("second")).to.equal(made);
        expect(passphrases.make("second")).to.equal(undefined);
    });

    it("are not made where a stack's file has the salt of another", () => {
        writeFileSync(join(directory, "Pulumi.copied.yaml"), "config: {}\nencryptionsalt: v1:AAAA:v1:BBBB:CCCC\n");
        writeFileSync(join(directory, "Pulumi.second.yaml"), "config: {}\n# encryptionsalt: none yet\n");
        expect(passphrases.make("copied")).to.equal(undefined);
        expect(passphrases.make("second")).not.to.equal(undefined);
    });

    it("go along when a stack is renamed", () => {
        passphrases.make("second")?.keep();
        const own = read("second");
        passphrases.rename("second", "third");
        expect([read("second"), read("third")]).to.deep.equal([developmentPassphrase, own]);
        passphrases.rename("older", "fourth");
        expect(read("fourth")).to.equal(developmentPassphrase);
    });

    it("are never outside their directory, whatever a stack is called", () => {
        passphrases.make("../passphrase")?.keep();
        expect(read("dev")).to.equal(developmentPassphrase);
        expect(passphrases.fileOf("../passphrase")).to.equal(join(directory, "passphrases", "..%2Fpassphrase"));
    });
});

describe("a stack without a name", () => {
    for (const args of [
        ["stack", "init"],
        ["stack", "select", "--create"],
    ]) {
        it(`is not made: pulumi ${args.join(" ")}`, () => expect(() => runPulumi(args)).to.throw("add its name"));
    }
});
