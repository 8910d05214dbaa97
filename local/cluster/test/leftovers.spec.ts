import { expect } from "chai";
import { mountsUnder, networkResults } from "../leftovers";

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
});
