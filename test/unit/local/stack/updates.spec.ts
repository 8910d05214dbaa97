import { expect } from "chai";
import { spawn, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { hasLastUpdateFailed, updateLocks, waitForUpdates } from "../../../../local/stack/updates";

describe("Pulumi's locks", () => {
    let backend: string;
    let pulumi: ChildProcess;

    /** As the CLI 3.246 writes them. */
    function lock(project: string, stack: string, text: string): void {
        const directory = join(backend, ".pulumi", "locks", "organization", project, stack);
        mkdirSync(directory, { recursive: true });
        writeFileSync(join(directory, "4f0e9d0a.json"), text);
    }

    const holder = (pid: number | undefined) => JSON.stringify({ pid, username: "root", hostname: "here" });

    beforeEach(async () => {
        backend = mkdtempSync(join(tmpdir(), "document-sync-test-"));
        // A process is called by its program's name.
        copyFileSync("/bin/sleep", join(backend, "pulumi"));
        pulumi = spawn(join(backend, "pulumi"), ["60"], { stdio: "ignore" });
        await once(pulumi, "spawn");
    });

    afterEach(() => {
        pulumi.kill("SIGKILL");
        rmSync(backend, { recursive: true, force: true });
    });

    it("are held while the CLI runs, of every project and stack", () => {
        lock("document-sync", "dev", holder(pulumi.pid));
        lock("another", "prod", holder(process.pid));
        lock("another", "torn", '{"pid": 1');
        expect(updateLocks(backend)).to.have.deep.members([
            { project: "document-sync", stack: "dev", pid: pulumi.pid, isHeld: true },
            { project: "another", stack: "prod", pid: process.pid, isHeld: false },
            { project: "another", stack: "torn", pid: 0, isHeld: false },
        ]);
    });

    it("are beside a record of each update, whose last one counts", () => {
        const directory = join(backend, ".pulumi", "history", "document-sync", "dev");
        const record = (name: string, text: string) => writeFileSync(join(directory, `dev-${name}.history.json`), text);
        const hasFailed = () => hasLastUpdateFailed("document-sync", "dev", backend);
        expect(hasFailed()).to.equal(false);
        mkdirSync(directory, { recursive: true });
        record("1795349238000000000", '{ "kind": "update", "result": "failed" }');
        expect(hasFailed()).to.equal(true);
        record("1795349239000000000", '{ "kind": "update", "result": "succeeded" }');
        expect(hasFailed()).to.equal(false);
        record("1795349240000000000", '{ "kind": "upd');
        expect(hasFailed()).to.equal(true);
    });

    it("are none in a backend that was never used", () => {
        expect(updateLocks(join(backend, "nowhere"))).to.deep.equal([]);
    });

    it("are waited for until their holder has ended, who is named", async () => {
        lock("document-sync", "dev", holder(pulumi.pid));
        const said: string[] = [];
        await waitForUpdates(
            (line) => said.push(line),
            ({ stack }) => stack !== "dev",
            backend,
        );
        expect(said).to.deep.equal([]);
        let hasEnded = false;
        const waiting = waitForUpdates(
            (line) => {
                said.push(line);
                pulumi.once("exit", () => (hasEnded = true));
                pulumi.kill();
            },
            () => true,
            backend,
        );
        await waiting;
        expect(hasEnded).to.equal(true);
        expect(said).to.deep.equal([`Waiting for pulumi (process ${pulumi.pid}), which works on the stack dev …`]);
    });
});
