import { expect } from "chai";
import { spawn } from "node:child_process";
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { stateConflict } from "../containerd";
import { networkResults, removeCgroup } from "../leftovers";
import { mountsUnder } from "../mounts";
import { directories } from "../settings";

describe("what is left of the cluster", () => {
    describe("mounts", () => {
        const mountinfo = [
            "22 1 254:0 / / rw - ext4 /dev/vda rw",
            "30 22 0:25 / /var/lib/cluster/kubelet/pods/a\\040b rw - tmpfs tmpfs rw",
            "31 30 0:26 / /var/lib/cluster/kubelet/pods/a\\040b/inner rw - tmpfs tmpfs rw",
            "32 22 0:27 / /var/lib/cluster-of-others rw - tmpfs tmpfs rw",
            "33 22 0:28 / /var/lib/cluster rw - tmpfs tmpfs rw",
            "",
        ].join("\n");

        it("are those below the directory, innermost first, with their real names", () => {
            expect(mountsUnder("/var/lib/cluster", mountinfo)).to.deep.equal([
                "/var/lib/cluster/kubelet/pods/a b/inner",
                "/var/lib/cluster/kubelet/pods/a b",
            ]);
        });
    });

    it("names the network's files of our pods only", () => {
        const ours = ["document-sync-4e98-eth0", "cni-loopback-4e98-lo"];
        const others = ["cni-loopback-77aa-lo", "podman-77aa-eth0"];
        expect(networkResults([...others, ...ours])).to.have.members(ours);
    });

    it("keeps containerd's state while anything is mounted in it, whichever file system that is of", () => {
        const mountinfo = (path: string) => `22 1 254:0 / ${path} rw - ext4 /dev/vda rw\n`;
        expect(stateConflict(mountinfo("/"))).to.equal(undefined);
        expect(stateConflict(mountinfo(`${directories.containerdState}/a`))).to.equal(
            "what containerd remembers of containers is not removed while something is mounted in it: " +
                `unmount ${directories.containerdState}/a`,
        );
    });

    describe("cgroups", () => {
        const hierarchy = ["/sys/fs/cgroup/pids", "/sys/fs/cgroup"].find((path) => existsSync(`${path}/cgroup.procs`));
        const cgroup = `${hierarchy}/document-sync-test-${process.pid}`;

        before(function () {
            if (process.getuid?.() !== 0) this.skip(); // Making a cgroup takes root.
        });

        it("go with the processes in them, which may take a moment to end", async () => {
            mkdirSync(`${cgroup}/inner`, { recursive: true });
            const child = spawn("sleep", ["0.5"]);
            writeFileSync(`${cgroup}/inner/cgroup.procs`, String(child.pid));
            await removeCgroup(cgroup);
            expect(existsSync(cgroup)).to.equal(false);
        });

        it("are named if a process stays in them", async () => {
            mkdirSync(cgroup);
            const child = spawn("sleep", ["60"]);
            writeFileSync(`${cgroup}/cgroup.procs`, String(child.pid));
            const error = await removeCgroup(cgroup, Date.now()).catch((thrown: unknown) => thrown);
            child.kill();
            await removeCgroup(cgroup);
            expect(error).to.be.an("error").with.property("message", `the cgroup ${cgroup} still holds a process`);
        });
    });
});
