import { expect } from "chai";
import { differences } from "../../../../local/machine/audit/differences";
import type { Snapshot } from "../../../../local/machine/audit/snapshot";

describe("differences between two looks at a machine", () => {
    const files: Record<string, string[]> = { runc: ["/usr/sbin/runc", "/etc/init.d/runc"], libfoo: ["/usr/lib/foo"] };
    const filesOf = (name: string) => files[name] ?? [];
    const before: Snapshot = {
        "Debian packages": { bash: "5.2", dash: "0.5", iptables: "1.8" },
        files: { "/etc/own": "mode 644", "/var/lib/dpkg/status": "time 1" },
    };
    const record = { "/var/lib/dpkg/status": "time 2" };
    const of = (packages: Record<string, string>, others: Snapshot = {}) => ({
        ...before,
        "Debian packages": { ...before["Debian packages"], ...packages },
        ...others,
    });

    it("are new, gone and changed things, by their sort", () => {
        const now = { files: { "/etc/own": "mode 600", "/var/lib/dpkg/status": "time 1" }, mounts: { "/srv": "1" } };
        expect(differences({ ...before, links: { br0: "up" } }, now, filesOf).found).to.have.members([
            "files: changed: /etc/own (mode 644 → mode 600)",
            "mounts: new: /srv (1)",
            "links: gone: br0 (up)",
            "Debian packages: gone: bash (5.2)",
            "Debian packages: gone: dash (0.5)",
            "Debian packages: gone: iptables (1.8)",
        ]);
    });

    it("may be packages of ours with what they depend on, their files and dpkg's records", () => {
        const now = of(
            { runc: "1.1", libfoo: "2 automatic" },
            {
                services: { runc: "[ - ]" },
                files: {
                    ...before.files,
                    ...record,
                    "/usr/sbin/runc": "new",
                    "/usr/lib/foo": "new",
                    "/etc/rc2.d/S01runc": "l",
                },
            },
        );
        const { found, allowed } = differences(before, now, filesOf);
        expect(found).to.deep.equal([]);
        expect(allowed).to.have.length(7);
    });

    it("may not be others, nor newer ones, nor a service that runs, nor records of nothing", () => {
        for (const now of [
            of({ nano: "7" }),
            of({ iptables: "1.9" }),
            of({}, { files: { ...before.files, ...record } }),
            of({ runc: "1.1" }, { services: { runc: "[ + ]" } }),
            of({ runc: "1.1" }, { services: { cron: "[ - ]" } }),
            of({ runc: "1.1" }, { files: { ...before.files, "/usr/sbin/other": "new" } }),
            of({ runc: "1.1" }, { files: { ...before.files, "/etc/rc2.d/S01other": "l" } }),
        ]) {
            expect(differences(before, now, filesOf).found, JSON.stringify(now)).to.have.length(1);
        }
    });
});
