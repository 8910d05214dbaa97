import { expect } from "chai";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { readFileSync } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { programs } from "../components";
import {
    bootId,
    endProcesses,
    findProcesses,
    isProgram,
    isRunning,
    parseStat,
    type ProcessIdentity,
} from "../processes";

function identityOf(pid: number): ProcessIdentity {
    return { pid, bootId: bootId(), startTime: parseStat(readFileSync(`/proc/${pid}/stat`, "utf8")).startTime };
}

/** Waits for what comes in no time, unless the machine is very busy. */
async function until(isTrue: () => boolean): Promise<void> {
    const deadline = Date.now() + 15_000;
    while (!isTrue()) {
        expect(Date.now(), "the deadline").to.be.below(deadline);
        await delay(20);
    }
}

describe("processes", () => {
    const children: ChildProcess[] = [];

    /** A process, once it has said a line. */
    async function start(script: string): Promise<ChildProcess & { pid: number }> {
        const child = spawn("sh", ["-c", script], { stdio: ["ignore", "pipe", "inherit"] });
        children.push(child);
        await once(child.stdout, "data");
        return child as ChildProcess & { pid: number };
    }

    after(() => {
        for (const child of children) child.kill("SIGKILL");
    });

    it("reads state and start time behind a program's name that holds brackets and blanks", () => {
        const fields = Array.from({ length: 40 }, (_, index) => `f${index + 4}`).join(" ");
        expect(parseStat(`42 (a) S (b c) R ${fields}\n`)).to.deep.equal({ state: "R", startTime: "f22" });
    });

    it("knows a process from a later one that was given its pid", async () => {
        const { pid } = await start("echo; exec sleep 60");
        const identity = identityOf(pid);
        expect(isRunning(identity)).to.equal(true);
        expect(isRunning({ ...identity, startTime: "1" })).to.equal(false);
        expect(isRunning({ ...identity, bootId: "another boot" })).to.equal(false);
    });

    it("never signals a process that only has the pid of the one it looks for", async () => {
        const child = await start("echo; exec sleep 60");
        await endProcesses([{ ...identityOf(child.pid), startTime: "1" }], 1000);
        expect(child.exitCode).to.equal(null);
        expect(isRunning(identityOf(child.pid))).to.equal(true);
    });

    it("lets a process end by itself, and kills one that does not", async () => {
        const polite = await start("trap 'exit 3' TERM; echo; sleep 60 & wait");
        const deaf = await start("trap '' TERM; echo; while :; do sleep 60; done");
        const [politeEnd, deafEnd] = [once(polite, "exit"), once(deaf, "exit")];
        await endProcesses([identityOf(polite.pid), identityOf(deaf.pid)], 500);
        expect(await politeEnd).to.deep.equal([3, null]);
        expect(await deafEnd).to.deep.equal([null, "SIGKILL"]);
    });

    it("takes a process that has ended, and that nobody has asked, for ended", async () => {
        // The shell does not wait for its child, which stays as a zombie.
        const parent = await start("sleep 0 & echo $!; exec sleep 60");
        const child = Number(readFileSync(`/proc/${parent.pid}/task/${parent.pid}/children`, "utf8").trim());
        await until(() => parseStat(readFileSync(`/proc/${child}/stat`, "utf8")).state === "Z");
        expect(isRunning(identityOf(child))).to.equal(false);
    });

    it("knows every program of the cluster by its arguments, and takes no other for one", () => {
        const binary = "/root/.cache/document-sync/tools/kubernetes-0123/kubernetes";
        for (const { name, args } of programs) {
            const started = name === "containerd" ? ["containerd", ...args] : [binary, name, ...args];
            const known = programs.filter((program) => isProgram(program.name, started));
            expect(known.map((program) => program.name)).to.deep.equal([name]);
        }
        const file = "/var/lib/document-sync/cluster/admin.conf";
        for (const others of [
            ["etcd", "--data-dir=/var/lib/etcd"],
            ["/usr/bin/containerd"],
            ["containerd", "--config", "/etc/containerd/config.toml"],
            ["kubelet", "--config=/var/lib/document-sync/clusters/kubelet.yaml"],
            ["vi", file],
            ["tail", "-f", "/var/lib/document-sync/cluster/logs/etcd.log"],
            [binary, "kubectl", `--kubeconfig=${file}`, "logs", "etcd"],
        ]) {
            expect(
                programs.filter(({ name }) => isProgram(name, others)),
                others.join(" "),
            ).to.deep.equal([]);
        }
    });

    it("finds processes by their arguments", async () => {
        const { pid } = await start("echo; exec sleep 61.5");
        const found = await findProcesses("cmdline", (text) => text === "sleep\0" + "61.5\0");
        expect(found).to.deep.equal([identityOf(pid)]);
    });

    it("finds none of a container's by their arguments", async function () {
        if (process.getuid?.() !== 0) this.skip(); // A namespace of its own takes root.
        const container = await start("exec unshare --pid --fork --kill-child sh -c 'echo; exec sleep 61.25'");
        const isMeant = (text: string) => text === "sleep\0" + "61.25\0";
        const inContainer = readFileSync(`/proc/${container.pid}/task/${container.pid}/children`, "utf8").trim();
        await until(() => isMeant(readFileSync(`/proc/${inContainer}/cmdline`, "utf8")));
        expect(await findProcesses("cmdline", isMeant)).to.deep.equal([]);
        expect(await findProcesses("cgroup", () => true)).to.deep.include(identityOf(Number(inContainer)));
    });
});
