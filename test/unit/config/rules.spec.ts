import { expect } from "chai";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { installMocks } from "../mocks";
import { accepted, refusal } from "./refusals";

const keys = ["allowRules", "denyRules"] as const;
const rule = 'resource._resourcetype = "App" and resource._actions = "*"\n';
/** A ConfigMap takes this much, with the names of both files. */
const room = 1_048_576 - "allow.txtdeny.txt".length;

describe("files with access rules", () => {
    let directory: string;

    before(async () => {
        directory = mkdtempSync(join(tmpdir(), "rules-spec-"));
        await installMocks();
    });
    after(() => rmSync(directory, { recursive: true }));

    function write(content: string | Uint8Array, name = "rules.txt"): string {
        const file = join(directory, name);
        writeFileSync(file, content);
        return file;
    }

    /** The sentence about a file, for either key. */
    function expectRefusal(file: string, says: string, of: readonly string[] = keys): void {
        for (const key of of) {
            expect(refusal({ [key]: file })).to.equal(`${key} ${says}, and is ${JSON.stringify(file)}.`);
        }
    }

    it("are read as they are", () => {
        for (const text of [
            rule,
            rule.trim(),
            `# a comment\n${rule}`,
            `// a comment\r\n\r\n  ${rule}`,
            `\ufeff${rule}`,
            `\ufeff# a comment\r${rule}`,
            `${rule}# Ω 日本 🙂\n`,
            `x # whatever it means is left to the engine`,
        ]) {
            const file = write(text);
            expect(accepted({ allowRules: file, denyRules: file })).to.include({ allowRules: text, denyRules: text });
        }
    });

    it("may be links, and anywhere", () => {
        const link = join(directory, "link.txt");
        symlinkSync(write(rule), link);
        expect(accepted({ allowRules: link }).allowRules).to.equal(rule);
        rmSync(link);
    });

    it("are there, and can be read", () => {
        expectRefusal("rules/none.txt", "must name a file that can be read (no such file or directory)");
        expectRefusal("package.json/none", "must name a file that can be read (not a directory)");
        expectRefusal(`/${"a".repeat(90)}/b`, "must name a file that can be read (no such file or directory)");
        const loop = join(directory, "loop");
        symlinkSync("loop", loop);
        expectRefusal(loop, "must name a file that can be read (too many symbolic links encountered)");
    });

    it("can be read by this user", function () {
        // Root can read them all.
        if (process.getuid?.() === 0) this.skip();
        const file = write(rule, "secret.txt");
        chmodSync(file, 0);
        expectRefusal(file, "must name a file that can be read (permission denied)");
    });

    it("are files, not what could be read without end", () => {
        const says = "must name a file, and no directory, device or pipe";
        const pipe = join(directory, "pipe");
        expect(spawnSync("mkfifo", [pipe]).status).to.equal(0);
        mkdirSync(join(directory, "folder"));
        for (const path of ["rules", ".", "/", "/dev/zero", "/dev/null", pipe, join(directory, "folder")]) {
            expectRefusal(path, says);
        }
    });

    it("have a path that can be read", () => {
        for (const path of ["", "rules/allow.txt\n", "rules/allow.txt\0", "\0", "rules\r/allow.txt", "\x1b[2J"]) {
            expectRefusal(path, "must be the path of a file, of printable characters");
        }
        expect(refusal({ allowRules: "\u202etxt.wolla" })).to.equal(
            'allowRules must be the path of a file, of printable characters, and is "\\u202etxt.wolla".',
        );
    });

    it("are text", () => {
        const utf8 = "must name a text file in UTF-8";
        const bytes: readonly number[][] = [
            [0xff],
            [0x23, 0xe4, 0x0a],
            [0xc0, 0x80],
            [0xed, 0xa0, 0x80],
            [0xf5, 0x80, 0x80, 0x80],
            [0xe2, 0x82],
            // UTF-16, with its mark.
            [0xff, 0xfe, 0x23, 0x00],
            [0xfe, 0xff, 0x00, 0x23],
        ];
        for (const some of bytes) {
            expectRefusal(write(Buffer.concat([Buffer.from(rule), Buffer.from(some)])), utf8);
        }
        for (const text of ["\0", `${rule}\0`, `# \0\n${rule}`]) {
            expectRefusal(write(text), "must name a text file, without NUL");
        }
    });

    it("grant something", () => {
        const blanks = ["", "\n \n", "\ufeff", "\t\r\n"];
        for (const text of [...blanks, "#", "# all of it\n", "\n  // a\r\n\t# b\r", "\ufeff# a\n", `# ${rule}`]) {
            expectRefusal(write(text), "must name a file with a rule in it, not with blanks and comments only", [
                "allowRules",
            ]);
        }
        for (const text of blanks) {
            expectRefusal(write(text), "must name a file with a rule or a comment in it", ["denyRules"]);
        }
        expect(accepted({ denyRules: write("# nothing\n") }).denyRules).to.equal("# nothing\n");
    });

    it("fit into one ConfigMap", () => {
        const ofSize = (bytes: number, name: string) => write(rule.padEnd(bytes, "#"), name);
        expectRefusal(ofSize(room + 1, "large.txt"), `must name a file of at most ${room} bytes`);
        expectRefusal(ofSize(5_000_000, "large.txt"), `must name a file of at most ${room} bytes`);

        const half = Math.floor(room / 2);
        const [allowRules, denyRules] = [ofSize(half, "allow.txt"), ofSize(room - half, "deny.txt")];
        expect(accepted({ allowRules, denyRules }).allowRules).to.have.lengthOf(half);
        writeFileSync(denyRules, rule.padEnd(room - half + 1, "#"));
        expect(refusal({ allowRules, denyRules })).to.equal(
            `allowRules "${allowRules}" and denyRules "${denyRules}" must have at most ${room} bytes together, and have ${room + 1}.`,
        );
        // Bytes, not characters.
        writeFileSync(denyRules, rule + "#ü".repeat(Math.ceil((room - half) / 3)));
        expect(refusal({ allowRules, denyRules })).to.match(/ bytes together, and have \d+\.$/);
    });
});
