import { expect } from "chai";
import { installMocks } from "../mocks";
import { accepted, refusal, refuses, takes } from "./refusals";

const printable = "must be of printable characters, without a blank at its beginning or end";
const apart = (directory: string) => `must be a directory apart from the node's own ${directory}, as /data/docs`;

describe("hostPath", () => {
    describe("is absolute, without a step back:", () => {
        refuses("hostPath", 'must be an absolute path without ".."', [
            ...["", "data/docs", "docs", ".", "./docs", "~", "~/docs", "file:///data/docs", "C:\\docs", "\\data"],
            ...["..", "/..", "/data/..", "/data/../docs", "/../etc", "/data/docs/../../etc", "//../etc"],
        ]);
    });

    describe("is written in one way:", () => {
        refuses("hostPath", 'must be written without "//", "/./" and a slash at its end', [
            ...["//", "///", "//data/docs", "/data//docs", "/data/docs//", "/data/docs/", "/data/"],
            ...["/.", "/./", "/./data/docs", "/data/./docs", "/data/docs/.", "//etc", "/etc/", "/etc/."],
        ]);
    });

    describe("is printable:", () => {
        refuses("hostPath", printable, [
            ...[" ", " /data/docs", "/data/docs ", "/data/docs  "],
            ...["/data/docs\n", "/data/docs\n/etc", "/data/docs\r", "\t/data/docs", "/data/docs\0", "/data/\0docs"],
            ...["/data/\x1b[31mdocs", "/data/\ud800docs"],
            ["/data/do\x7fcs", '"/data/do\\u007fcs"'],
            ["/data/\u202escod", '"/data/\\u202escod"'],
            ["/data/\u2066docs", '"/data/\\u2066docs"'],
            ["/data/\u200bdocs", '"/data/\\u200bdocs"'],
            ["/data\u2028/docs", '"/data\\u2028/docs"'],
            ["/data/docs\xa0", '"/data/docs\\u00a0"'],
            ["/data/\ufeffdocs", '"/data/\\ufeffdocs"'],
        ]);
    });

    describe("is as long as Linux takes it:", () => {
        const tooLong = "must have at most 4095 bytes, and 255 in each part";
        const path = (bytes: number) => "/a".repeat(bytes / 2) + (bytes % 2 === 1 ? "a" : "");
        refuses("hostPath", tooLong, [
            path(4096),
            path(100_001),
            `/data/${"a".repeat(256)}`,
            `/data/${"a".repeat(256)}/docs`,
            // 256 bytes in UTF-8.
            `/${"ü".repeat(128)}`,
        ]);
        takes("hostPath", [path(4095), `/data/${"a".repeat(255)}`, `/${"ü".repeat(127)}`]);
    });

    describe("is no directory of the system's, and none in one or around one:", () => {
        const system = [
            ...["/bin", "/boot", "/dev", "/etc", "/lib", "/lib32", "/lib64", "/libx32", "/proc", "/root", "/run"],
            ...["/sbin"],
            ...["/sys", "/usr", "/var/log", "/var/run"],
            ...["cni", "containerd", "containers", "crio", "docker", "etcd", "kubelet"].map(
                (name) => `/var/lib/${name}`,
            ),
            "/var/lib/document-sync",
        ];
        for (const directory of system) {
            const forms = [directory, `${directory}/docs`, `${directory}/a b/c/.d`, `${directory}/${directory}`];
            refuses("hostPath", apart(directory), forms.slice(0, 3));
            refuses("hostPath", 'must be written without "//", "/./" and a slash at its end', forms.slice(3));
            refuses("hostPath", 'must be an absolute path without ".."', [`/data/docs/../..${directory}`]);
        }
        refuses("hostPath", apart("/bin"), ["/"]);
        refuses("hostPath", apart("/var/log"), ["/var"]);
        refuses("hostPath", apart("/var/lib/cni"), ["/var/lib"]);
        refuses("hostPath", apart("/var/lib/document-sync"), [
            ...["cluster", "cluster/admin.conf", "pulumi", "shared", "bricks/node1", "lock", "documents2"].map(
                (name) => `/var/lib/document-sync/${name}`,
            ),
            // It has one for each stack in it.
            "/var/lib/document-sync/documents",
        ]);
    });

    describe("takes", () => {
        takes("hostPath", [
            ...["/data/docs", "/data", "/docs", "/srv/a b/docs", "/mnt/nfs/.docs", "/home/user/docs", "/opt/docs/..."],
            ...["/data/docs..", "/data/日本/ü", '/data/it\'s "here"', "/media/x:y,z", "/data/etc/usr"],
            // Names that only begin as those of the system's.
            ...["/etcetera", "/library/docs", "/user/docs", "/device", "/running", "/system", "/libs"],
            ...["/var/logs/docs"],
            ...["/var/docs", "/var/lib/docs", "/var/lib/dockers", "/var/lib/document-sync2"],
            ...["/var/lib/document-sync/documents/dev", "/var/lib/document-sync/documents/dev/etc"],
        ]);
    });

    describe("becomes the storage,", () => {
        before(installMocks);
        it("of its kind, and with its size", () => {
            expect(accepted({ hostPath: "/srv/docs", documentsSize: "1Ti" }).storage).to.deep.equal({
                kind: "hostPath",
                path: "/srv/docs",
                size: "1Ti",
            });
        });

        it("and is asked for where a stack sets none", () => {
            expect(refusal({ hostPath: undefined })).to.equal(
                "hostPath is not set. Set it with `pulumi config set hostPath <value>`.",
            );
        });
    });
});
