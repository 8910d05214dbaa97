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

    afterEach(() => machine?.end());

    for (const { when, bootId, says } of [
        { when: "since this boot", bootId: "$(cat /proc/sys/kernel/random/boot_id)" },
        // What is mounted after a reboot, the cluster did not mount.
        { when: "before it", bootId: "another", says: /unmount \/var\/lib\/document-sync\/cluster\// },
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
                echo '{ "bootId": "'${bootId}'", "sysctls": {}, "tables": { "iptables": [], "ip6tables": [] }' \\
                    ', "directories": [], "devices": [] }' > ${paths.cluster}/before.json`);
            const { exitCode, output } = await machine.run("npm", ["stop"]);
            expect(await describeUserFiles(machine)).to.equal(before);
            expect(exitCode, output).to.equal(says === undefined ? 0 : 1);
            if (says) expect(output).to.match(says);
            else expect((await shell(`ls ${paths.cluster}/containerd`)).trim()).to.equal("");
        });
    }
});
