import { expect } from "chai";
import { machine as paths } from "../paths";
import { TestMachine } from "./testMachine";
import { describeUserFiles, plantUserFiles } from "./userFiles";

describe("documents, while a cluster that crashed is cleared away", function () {
    this.timeout("2m");

    let machine: TestMachine;

    beforeEach(async () => {
        machine = await TestMachine.start();
    });

    afterEach(() => machine.end());

    for (const [when, bootId] of [
        ["since this boot", "$(cat /proc/sys/kernel/random/boot_id)"],
        ["before it", "another"],
    ]) {
        it(`are kept where they are mounted inside what is removed: it crashed ${when}`, async () => {
            const shell = (script: string) => machine.mustRun("sh", ["-ec", script, paths.documents]);
            await plantUserFiles(machine);
            const before = await describeUserFiles(machine);
            // As in a container's root, in a pod's volume, and in the directory that is removed whole; the same file system, so that
            // nothing but the mount itself tells them apart.
            await shell(`
                for place in containerd/state/io.containerd.runtime.v2.task/k8s.io/abc/rootfs/documents \\
                        kubelet/pods/abc/volumes/documents containerd/state/documents pod-addresses/documents; do
                    mkdir --parents "${paths.cluster}/$place"
                    mount --bind "$0" "${paths.cluster}/$place"
                done
                echo '{ "bootId": "'${bootId}'", "sysctls": {}, "devices": [], "directories": [], "tables": { "iptables": [], "ip6tables": [] } }' \\
                    > ${paths.cluster}/before.json`);
            const said = await machine.mustRun("npm", ["stop"]);
            expect(said).to.include("The cluster is not up");
            expect(await describeUserFiles(machine)).to.equal(before);
            const left = await shell(
                `ls ${paths.cluster}/containerd; grep -c ${paths.cluster}/ /proc/self/mountinfo || true`,
            );
            expect(left.trim(), "what is left of the cluster").to.equal("0");
        });
    }
});
