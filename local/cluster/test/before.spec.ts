import { expect } from "chai";
import { mkdtempSync, rmSync, utimesSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { readBefore, unstopped, type Before } from "../before";
import { bootId } from "../processes";
import { toRestore } from "../sysctls";

describe("what the machine was like before the cluster", () => {
    let directory: string;
    let file: string;

    beforeEach(() => {
        directory = mkdtempSync(join(tmpdir(), "document-sync-before-"));
        file = join(directory, "before.json");
    });

    afterEach(() => rmSync(directory, { recursive: true }));

    const write = (id: string) => {
        const before: Before = {
            bootId: id,
            sysctls: {},
            tables: { iptables: [], ip6tables: [] },
            directories: [],
            devices: [],
        };
        writeFileSync(file, JSON.stringify(before));
    };

    it("is written down only while one runs, or was not stopped", () => {
        expect(readBefore(file)).to.equal(undefined);
        expect(unstopped(file)).to.equal(undefined);
        write(bootId());
        expect(unstopped(file)).to.equal("since boot");
        write("of another");
        expect(unstopped(file)).to.equal("before boot");
    });

    for (const text of ["", '{"bootId": "4e', "null", '{"bootId": "4e"}']) {
        it(`is known to be lost where ${JSON.stringify(text)} is left of it, and since when`, () => {
            writeFileSync(file, text);
            expect(readBefore(file)).to.equal("unreadable");
            expect(unstopped(file)).to.equal("since boot");
            utimesSync(file, 1e9, 1e9);
            expect(unstopped(file)).to.equal("before boot");
        });
    }

    it("is put back where the cluster changed it, but not where somebody else has since", () => {
        const before = { "kernel.panic": "0", "vm.overcommit_memory": "1", "net.ipv4.conf.all.route_localnet": "0" };
        const now = { "kernel.panic": "10", "vm.overcommit_memory": "1", "net.ipv4.conf.all.route_localnet": "2" };
        expect(toRestore(before, now)).to.deep.equal([["kernel.panic", "0"]]);
    });
});
