import { expect } from "chai";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../../engine/test/until";
import { endBox, findBox, inBox, memoryOf, processesOf, startBox } from "../../../local/node/boxes";

describe("a box", function () {
    this.timeout(60_000);

    const name = `document-sync-test-${process.pid}`;
    let directory: string;

    before(function () {
        if (process.getuid?.() === 0) return;
        console.log("      skipped: a box takes root");
        this.skip();
    });

    beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "document-sync-boxes-"))));

    afterEach(async () => {
        await endBox(name);
        rmSync(directory, { recursive: true, force: true });
    });

    /** Where cgroups of this name are. */
    const cgroups = () =>
        ["/sys/fs/cgroup", ...readdirSync("/sys/fs/cgroup").map((hierarchy) => join("/sys/fs/cgroup", hierarchy))]
            .map((hierarchy) => join(hierarchy, name))
            .filter(existsSync);

    /** Starts a box whose first process runs these lines of shell, says that it is ready, and stays. */
    async function start(lines = "", box = name): Promise<void> {
        const script = join(directory, "first.sh");
        writeFileSync(script, `#!/bin/bash\nset -e\n${lines}\necho ready >&3\nexec sleep infinity\n`, { mode: 0o700 });
        await startBox(box, script, { env: { GREETING: "two words" }, log: join(directory, "log") });
    }

    /** Runs lines of shell in it. @returns what they print. */
    function run(lines: string, box = name, cwd?: string): string {
        const { program, args } = inBox(box, ["bash", "-ec", lines], cwd);
        const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
        expect(status, stderr).to.equal(0);
        return stdout.trim();
    }

    const isThere = (pid: number) => existsSync(`/proc/${pid}`);

    it("that is not there has no process and no memory, and nothing runs in it", async () => {
        expect(findBox(name)).to.equal(undefined);
        expect(processesOf(name)).to.deep.equal([]);
        expect(memoryOf(name)).to.equal(0);
        expect(() => inBox(name, ["true"])).to.throw(`There is no box ${name}.`);
        await endBox(name);
    });

    it("has a host name, processes, network, mounts and cgroups of its own", async () => {
        await start();
        const first = findBox(name);
        expect(first).to.be.a("number");
        expect(run("hostname")).to.equal(name);
        expect(run("cat /proc/1/comm")).to.equal("sleep");
        expect(run("ls /sys/class/net")).to.equal("lo");
        expect(run("cat /sys/class/net/lo/flags")).to.equal("0x9"); // Up, and loopback: linux/if.h.
        expect(run("awk -F: '{ print $3 }' /proc/self/cgroup | sort -u")).to.match(/^\/(init)?$/m);
        run(`mount -t tmpfs tmpfs ${directory} && touch ${directory}/inside`);
        expect(run(`ls ${directory}`)).to.equal("inside");
        expect(existsSync(join(directory, "inside"))).to.equal(false);
    });

    it("gets its starter's words and nothing else of its environment", async () => {
        process.env.BOX_TEST_SECRET = "secret";
        try {
            await start(`env > ${directory}/env`);
        } finally {
            delete process.env.BOX_TEST_SECRET;
        }
        const seen = readFileSync(join(directory, "env"), "utf8");
        expect(seen).to.include("GREETING=two words\n").and.not.to.include("secret");
    });

    it("runs commands with their arguments as they are, in a directory, with their own exit codes", async () => {
        await start();
        const words = ["two words", "it's", "$HOME", "`id`", "\\", "", "*"];
        const { program, args } = inBox(name, ["printf", "%s\\0", ...words], directory);
        expect(spawnSync(program, args, { encoding: "utf8" }).stdout.split("\0").slice(0, -1)).to.deep.equal(words);
        expect(run("pwd", name, directory)).to.equal(directory);
        const failing = inBox(name, ["sh", "-c", "exit 47"]);
        expect(spawnSync(failing.program, failing.args).status).to.equal(47);
    });

    it("counts its processes and their memory, with those of boxes in it", async () => {
        await start();
        await start("", `${name}/inner`);
        const inner = findBox(`${name}/inner`);
        expect(run("hostname", `${name}/inner`)).to.equal("inner");
        expect(processesOf(name)).to.include.members([findBox(name), inner]);
        expect(processesOf(`${name}/inner`))
            .to.include(inner)
            .and.not.to.include(findBox(name));
        const before = memoryOf(name);
        expect(before).to.be.greaterThan(0);
        const hog =
            "node -e 'globalThis.kept = Buffer.alloc(100e6, 1); setInterval(() => 0, 1000)' > /dev/null 2>&1 & disown";
        run(`PATH=${join(process.execPath, "..")}:$PATH; ${hog}`, `${name}/inner`);
        await until("its memory grows by 90 MB", () => memoryOf(name) > before + 90e6, 20);
    });

    it("is found whatever else is first in a process namespace within it", async () => {
        // Started before the box, so that it has the lower number: numbers begin again at some point.
        const unshare = ["unshare", "--pid", "--fork", "--kill-child"];
        const other = spawn(unshare[0], [...unshare.slice(1), ...unshare, "sh", "-c", "echo ready; sleep infinity"]);
        try {
            await once(other.stdout, "data");
            const below = (pid: number) =>
                Number(readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ")[0]);
            const first = below(below(other.pid!));
            await start();
            const box = findBox(name);
            for (const cgroup of cgroups()) {
                const own = [join(cgroup, "init"), cgroup].find((path) => existsSync(path))!;
                if (existsSync(join(own, "cgroup.procs"))) writeFileSync(join(own, "cgroup.procs"), String(first));
            }
            expect(processesOf(name)).to.include(first);
            expect(findBox(name)).to.equal(box).and.not.to.equal(first);
        } finally {
            other.kill("SIGKILL");
        }
    });

    it("ends with all that runs in it, and leaves no cgroup", async () => {
        await start();
        await start("", `${name}/inner`);
        run("setsid sleep 4711 > /dev/null 2>&1 & disown");
        run("setsid sleep 4711 > /dev/null 2>&1 & disown", `${name}/inner`);
        const processes = processesOf(name);
        expect(processes.length).to.be.at.least(4);
        await endBox(name);
        expect(processes.filter(isThere)).to.deep.equal([]);
        expect(cgroups()).to.deep.equal([]);
    });

    it("whose first process was killed is none, and is cleared away", async () => {
        await start();
        run("setsid sleep 4711 > /dev/null 2>&1 & disown");
        process.kill(findBox(name)!, "SIGKILL");
        await until("it is gone", () => findBox(name) === undefined);
        await until("all of it has ended", () => processesOf(name).length === 0);
        expect(cgroups()).not.to.deep.equal([]);
        await endBox(name);
        expect(cgroups()).to.deep.equal([]);
    });

    it("that was cut off while it was made, or has a cgroup of a pod in it, is cleared away too", async () => {
        const root = "/sys/fs/cgroup";
        const isSecond = existsSync(join(root, "cgroup.controllers"));
        for (const hierarchy of isSecond ? [root] : readdirSync(root).map((entry) => join(root, entry))) {
            if (existsSync(join(hierarchy, "cgroup.procs")))
                mkdirSync(join(hierarchy, name, "kubepods", "pod1"), { recursive: true });
        }
        await endBox(name);
        expect(cgroups()).to.deep.equal([]);
    });

    it("that does not come up is named with what it said, and nothing of it is left", async () => {
        const failed = await start("echo because of this >&2; exit 1").catch((error: unknown) => error);
        expect(failed).to.be.instanceOf(Error);
        expect((failed as Error).message).to.equal(`The box ${name} did not come up:\nbecause of this\n`);
        expect(cgroups()).to.deep.equal([]);
    });
});
