import { expect } from "chai";
import { execFileSync, spawnSync } from "node:child_process";
import { DocumentStorage } from "../../../components/storage";
import { inputsOf, installMocks, readyOrder, settled, valueOf } from "../mocks";

/** Named for whoever reads why an update failed. */
const check = "hostPath /data/docs is writable for 1910:1910";

describe("DocumentStorage", () => {
    let storage: DocumentStorage;

    before(async () => {
        await installMocks();
        storage = new DocumentStorage("documents", {
            namespace: "ns",
            hostPath: "/data/docs",
            size: "5Gi",
            image: "engine:1",
            user: 1910,
            pullSecrets: ["dockerhub"],
            timeoutSeconds: 300,
        });
        await settled(storage);
    });

    it("is a directory of the node that outlives the stack", () => {
        expect(inputsOf("PersistentVolume", "documents").spec).to.deep.equal({
            accessModes: ["ReadWriteMany"],
            storageClassName: "",
            capacity: { storage: "5Gi" },
            persistentVolumeReclaimPolicy: "Retain",
            hostPath: { path: "/data/docs", type: "DirectoryOrCreate" },
        });
    });

    it("is claimed by name, from no storage class", async () => {
        const { metadata, spec } = inputsOf("PersistentVolumeClaim", "documents");
        expect(metadata.namespace).to.equal("ns");
        expect(spec).to.deep.equal({
            accessModes: ["ReadWriteMany"],
            storageClassName: "",
            volumeName: "documents-autonamed",
            resources: { requests: { storage: "5Gi" } },
        });
        expect(await valueOf(storage.claimName)).to.equal("documents-autonamed");
    });

    it("is written to as the engines' user, once, and given up within seconds", () => {
        const { metadata, spec } = inputsOf("Job", check);
        expect(metadata.name).to.match(/^documents-writable-[0-9a-f]{8}$/);
        expect(metadata.annotations).to.deep.equal({ "pulumi.com/replaceUnready": "true" });
        expect(spec.backoffLimit).to.equal(0);
        expect(spec.activeDeadlineSeconds).to.equal(10);
        expect(spec).not.to.have.property("ttlSecondsAfterFinished");
        const pod = spec.template.spec;
        expect(pod.restartPolicy).to.equal("Never");
        expect(pod.securityContext).to.include({ runAsUser: 1910, runAsGroup: 1910 });
        expect(pod.volumes).to.deep.equal([
            { name: "documents", persistentVolumeClaim: { claimName: "documents-autonamed" } },
        ]);
        expect(pod.containers[0]).to.include({
            image: "engine:1",
            terminationMessagePolicy: "FallbackToLogsOnError",
        });
    });

    it("is written to only when the image is there, which may take long", () => {
        expect(inputsOf("Job", "documents-image").spec).not.to.have.property("activeDeadlineSeconds");
        const order = readyOrder().filter((one) => one.includes("Job"));
        expect(order).to.deep.equal(["kubernetes:batch/v1:Job documents-image", `kubernetes:batch/v1:Job ${check}`]);
    });

    describe("its check", () => {
        /** Runs the Job's own command on a directory of this machine. */
        function write(directory: string) {
            const [command, ...args] = inputsOf("Job", check).spec.template.spec.containers[0].command;
            return spawnSync(
                command,
                args.map((arg) => arg.replaceAll("/documents/", `${directory}/`)),
                { encoding: "utf8" },
            );
        }

        it("leaves nothing behind", () => {
            const directory = execFileSync("mktemp", ["-d"], { encoding: "utf8" }).trim();
            try {
                expect(write(directory)).to.include({ status: 0, stdout: "", stderr: "" });
                expect(execFileSync("ls", ["-A", directory], { encoding: "utf8" })).to.equal("");
            } finally {
                execFileSync("rm", ["-r", directory]);
            }
        });

        it("says which directory can't be written, by whom, why, and what mends it", () => {
            const { status, stdout } = write("/nowhere");
            expect(status).to.equal(1);
            expect(stdout).to.match(
                /^hostPath \/data\/docs cannot be written by the engines' user 1910:1910: .*\/nowhere\/\.write-check-/,
            );
            expect(stdout).to.match(/No such file or directory|Directory nonexistent/i);
            expect(stdout).to.match(/\. On the node, chown 1910:1910 \/data\/docs makes it theirs\.$/m);
        });
    });
});
