import { expect } from "chai";
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import {
    appendFileSync,
    chmodSync,
    closeSync,
    existsSync,
    fstatSync,
    fsyncSync,
    linkSync,
    mkdirSync,
    mkdtempSync,
    openSync,
    readdirSync,
    readFileSync,
    readSync,
    renameSync,
    rmSync,
    statfsSync,
    statSync,
    truncateSync,
    unlinkSync,
    writeFileSync,
    writeSync,
} from "node:fs";
import { link, readFile, rm, stat, writeFile } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { until } from "../../../engine/test/until";
import {
    buildLyingFileSystem,
    mountLying,
    type Lies,
    type LyingMount,
} from "../../../local/cluster/storage/lyingMount";

/** Seconds. */
const belief = 3;
const lies: Lies = { attributes: belief, entries: belief, negative: belief, listings: belief };

/** An error's code. Node.js itself has no name for some, ESTALE among them. */
function nameOf(error: unknown): string {
    const { errno, code, message } = error as NodeJS.ErrnoException;
    const known = Object.entries(constants.errno).find(([, number]) => number === -(errno ?? 0));
    return known?.[0] ?? code ?? message;
}

/** The code of the error that something throws, or "none". */
function codeOf(work: () => unknown): string {
    try {
        work();
        return "none";
    } catch (error) {
        return nameOf(error);
    }
}

const rejection = (promise: Promise<unknown>) => promise.then(() => "none", nameOf);

const isMounted = (path: string) => readFileSync("/proc/self/mounts", "utf8").includes(` ${path} fuse.lyingfs `);

describe("A mount that lies as network file systems do", function () {
    this.timeout(60_000);

    let directory = "";
    let program = "";
    let mounts: LyingMount[] = [];
    let round = 0;
    /** One directory of the volume, as each of the two nodes sees it, and as its server has it. */
    let [here, there, server] = ["", "", ""];
    const [onHere, onThere] = [() => mounts[0], () => mounts[1]];

    before(async function () {
        this.timeout(180_000);
        // Mounts take root; a file system in a program takes FUSE.
        if (process.getuid?.() !== 0 || !existsSync("/dev/fuse")) this.skip();
        program = await buildLyingFileSystem(() => undefined);
        directory = mkdtempSync(join(tmpdir(), "lying-"));
        // Other users look in, too.
        chmodSync(directory, 0o755);
        for (const name of ["server", "here", "there"]) mkdirSync(join(directory, name));
        mounts = await Promise.all(
            ["here", "there"].map((name) => {
                return mountLying({
                    program,
                    directory: join(directory, "server"),
                    mountPoint: join(directory, name),
                    lies,
                });
            }),
        );
    });

    beforeEach(() => {
        const name = `round-${++round}`;
        [here, there, server] = ["here", "there", "server"].map((mount) => join(directory, mount, name));
        mkdirSync(here);
    });

    afterEach(() => Promise.all(mounts.map((mount) => mount.clearFaults())));

    after(async () => {
        await Promise.all(mounts.map((mount) => mount.unmount()));
        if (directory !== "") rmSync(directory, { recursive: true });
    });

    /**
     * Looks at something that changes after it was first looked at: while the belief lasts, and then until it is as it is.
     * On a machine so busy that the belief has ended before the look, it is done again, with another name.
     */
    async function lookTwice<T>(what: {
        readonly prepare?: (name: string) => void;
        readonly look: (name: string) => T;
        readonly change: (name: string) => void;
    }): Promise<{ first: T; during: T; after: T }> {
        for (let attempt = 1; attempt <= 5; attempt++) {
            const name = `name-${attempt}`;
            what.prepare?.(name);
            const start = performance.now();
            const first = what.look(name);
            what.change(name);
            const during = what.look(name);
            if (performance.now() - start > belief * 1000) continue;
            const isOver = () => JSON.stringify(what.look(name)) !== JSON.stringify(during);
            // The margin is for a busy machine. Nothing else than the end of the belief changes what is seen.
            await until("what has changed is seen", isOver, belief + 10);
            return { first, during, after: what.look(name) };
        }
        throw new Error(`No two looks within ${belief} s: this machine is too busy.`);
    }

    const textOf = (path: string) => {
        try {
            return readFileSync(path, "utf8");
        } catch (error) {
            return nameOf(error);
        }
    };
    const exists = (path: string) => codeOf(() => statSync(path)) === "none";

    describe("believes for a while", () => {
        it("a file's attributes", async () => {
            const seen = await lookTwice({
                prepare: (name) => writeFileSync(join(here, name), "1"),
                look: (name) => statSync(join(there, name)).size,
                change: (name) => appendFileSync(join(here, name), "23"),
            });
            expect(seen).to.deep.equal({ first: 1, during: 1, after: 3 });
        });

        it("a file's number of links, so that it does not tell who won", async () => {
            const seen = await lookTwice({
                prepare: (name) => writeFileSync(join(here, name), ""),
                look: (name) => statSync(join(there, name)).nlink,
                change: (name) => linkSync(join(here, name), join(here, `${name}-linked`)),
            });
            expect(seen).to.deep.equal({ first: 1, during: 1, after: 2 });
        });

        it("that a name which was asked for is not there", async () => {
            const seen = await lookTwice({
                look: (name) => exists(join(there, name)),
                change: (name) => writeFileSync(join(here, name), ""),
            });
            expect(seen).to.deep.equal({ first: false, during: false, after: true });
        });

        it("that a name which was removed is there", async () => {
            const seen = await lookTwice({
                prepare: (name) => writeFileSync(join(here, name), ""),
                look: (name) => exists(join(there, name)),
                change: (name) => unlinkSync(join(here, name)),
            });
            expect(seen).to.deep.equal({ first: true, during: true, after: false });
        });

        it("that a renamed file has its old name, by which it can be opened", async () => {
            const seen = await lookTwice({
                prepare: (name) => writeFileSync(join(here, name), "text"),
                look: (name) => textOf(join(there, name)),
                change: (name) => renameSync(join(here, name), join(here, `${name}-renamed`)),
            });
            expect(seen).to.deep.equal({ first: "text", during: "text", after: "ENOENT" });
        });

        it("a directory's listing, though a name in it that was never asked for is seen", async () => {
            let seenAtOnce = false;
            const seen = await lookTwice({
                prepare: (name) => {
                    mkdirSync(join(here, name));
                    writeFileSync(join(here, name, "old"), "");
                    writeFileSync(join(here, name, "removed"), "");
                },
                look: (name) => readdirSync(join(there, name)).sort(),
                change: (name) => {
                    writeFileSync(join(here, name, "new"), "");
                    unlinkSync(join(here, name, "removed"));
                    seenAtOnce = exists(join(there, name, "new"));
                },
            });
            expect(seen.during).to.deep.equal(["old", "removed"]);
            expect(seen.after).to.deep.equal(["new", "old"]);
            expect(seenAtOnce).to.be.true;
        });
    });

    describe("sees at once", () => {
        it("a name that was never asked for, and what is in it", () => {
            for (let number = 1; number <= 20; number++) {
                writeFileSync(join(here, `version-${number}`), `${number}`);
                expect(readFileSync(join(there, `version-${number}`), "utf8")).to.equal(`${number}`);
            }
        });

        it("what is in a file that it opens, and then its size", () => {
            writeFileSync(join(here, "file"), "1");
            expect(statSync(join(there, "file")).size).to.equal(1);
            writeFileSync(join(here, "file"), "longer");
            expect(readFileSync(join(there, "file"), "utf8")).to.equal("longer");
            expect(statSync(join(there, "file")).size).to.equal(6);
        });

        it("what it did itself", () => {
            expect(readdirSync(here)).to.deep.equal([]);
            expect(exists(join(here, "file"))).to.be.false;
            writeFileSync(join(here, "file"), "text");
            linkSync(join(here, "file"), join(here, "linked"));
            expect(statSync(join(here, "file")).nlink).to.equal(2);
            renameSync(join(here, "file"), join(here, "renamed"));
            expect(readdirSync(here).sort()).to.deep.equal(["linked", "renamed"]);
            unlinkSync(join(here, "linked"));
            expect(exists(join(here, "linked"))).to.be.false;
            truncateSync(join(here, "renamed"), 2);
            expect(statSync(join(here, "renamed"))).to.include({ nlink: 1, size: 2 });
        });
    });

    it("answers EEXIST by what is there, whatever it believes", () => {
        expect(exists(join(there, "version"))).to.be.false;
        for (const name of [here, there]) writeFileSync(join(name, `saving-${name === here ? 1 : 2}`), name);
        linkSync(join(here, "saving-1"), join(here, "version"));
        expect(codeOf(() => linkSync(join(there, "saving-2"), join(there, "version")))).to.equal("EEXIST");
        expect(readFileSync(join(there, "version"), "utf8")).to.equal(here);
        expect(codeOf(() => openSync(join(there, "version"), "wx"))).to.equal("EEXIST");
    });

    it("gives each of 200 names to exactly one of two that link it at the same moment", async () => {
        await Promise.all([here, there].map((name) => writeFile(join(name, name === here ? "1" : "2"), name)));
        for (let name = 1; name <= 200; name++) {
            const claims = [
                link(join(here, "1"), join(here, `v${name}`)),
                link(join(there, "2"), join(there, `v${name}`)),
            ];
            expect((await Promise.all(claims.map(rejection))).sort()).to.deep.equal(["EEXIST", "none"]);
            expect(readFileSync(join(here, `v${name}`), "utf8")).to.equal(
                readFileSync(join(there, `v${name}`), "utf8"),
            );
        }
    });

    it("serves many at once, and loses nothing", async () => {
        const work = async (mount: string, number: number) => {
            const [own, shared] = [join(mount, `own-${number}`), join(mount, `shared-${number}`)];
            await writeFile(own, "x".repeat(100_000));
            await link(own, shared);
            expect(await readFile(shared, "utf8")).to.have.length(100_000);
            await rm(own);
            expect((await stat(shared)).size).to.equal(100_000);
        };
        const numbers = Array.from({ length: 100 }, (_, index) => index);
        await Promise.all(numbers.map((number) => work(number % 2 === 0 ? here : there, number)));
        expect(readdirSync(server)).to.have.length(100);
    });

    it("keeps users apart", () => {
        const asUser = (command: string) => spawnSync("sh", ["-c", command], { uid: 1910, gid: 1911, cwd: "/" }).status;
        mkdirSync(join(here, "open"));
        chmodSync(join(here, "open"), 0o777);
        expect(asUser(`touch ${join(here, "open", "file")}`)).to.equal(0);
        expect(statSync(join(here, "open", "file"))).to.include({ uid: 1910, gid: 1911 });
        expect(asUser(`mkdir ${join(here, "open", "directory")}`)).to.equal(0);
        expect(statSync(join(server, "open", "directory"))).to.include({ uid: 1910, gid: 1911 });
        expect(asUser(`touch ${join(here, "file")}`)).not.to.equal(0);
    });

    describe("on demand", () => {
        for (const errno of ["EIO", "ETIMEDOUT"]) {
            it(`loses the answer of link(2) with ${errno}: the name is there, and that can be seen`, async () => {
                writeFileSync(join(here, "saving"), "text");
                writeFileSync(join(here, "other"), "");
                // It is believed not to be there.
                expect(exists(join(here, "version"))).to.be.false;
                await onHere().setFault({ op: "link", errno, after: true, times: 1, path: "/version$" });
                expect(codeOf(() => linkSync(join(here, "saving"), join(here, "version")))).to.equal(errno);
                expect(readFileSync(join(here, "version"), "utf8")).to.equal("text");
                expect(readFileSync(join(there, "version"), "utf8")).to.equal("text");
                expect(codeOf(() => linkSync(join(here, "other"), join(here, "version")))).to.equal("EEXIST");
                expect((await onHere().faults()).map(({ fired }) => fired)).to.deep.equal([1]);
            });
        }

        it("loses the question of link(2): the name is not there", async () => {
            writeFileSync(join(here, "saving"), "");
            await onHere().setFault({ op: "link", errno: "EIO", times: 1 });
            expect(codeOf(() => linkSync(join(here, "saving"), join(here, "version")))).to.equal("EIO");
            expect(exists(join(there, "version"))).to.be.false;
            linkSync(join(here, "saving"), join(here, "version"));
        });

        for (const errno of ["EPERM", "EOPNOTSUPP"]) {
            it(`has no hard links: ${errno}`, async () => {
                writeFileSync(join(here, "saving"), "");
                await onHere().setFault({ op: "link", errno });
                for (const name of ["version", "version", "other"]) {
                    // The number has two names.
                    const code = codeOf(() => linkSync(join(here, "saving"), join(here, name)));
                    expect(code.replace("ENOTSUP", "EOPNOTSUPP")).to.equal(errno);
                }
                expect(readdirSync(server)).to.deep.equal(["saving"]);
            });
        }

        it("fails fsync once, has lost what was written, and says yes the second time", async () => {
            const file = openSync(join(here, "file"), "wx");
            writeSync(file, "safe");
            fsyncSync(file);
            writeSync(file, " lost");
            await onHere().setFault({ op: "fsync", errno: "EIO", times: 1 });
            expect(codeOf(() => fsyncSync(file))).to.equal("EIO");
            expect(codeOf(() => fsyncSync(file))).to.equal("none");
            closeSync(file);
            expect(readFileSync(join(there, "file"), "utf8")).to.equal("safe");
        });

        it("fails fsync though all is on disk", async () => {
            const file = openSync(join(here, "file"), "wx");
            writeSync(file, "safe");
            await onHere().setFault({ op: "fsync", errno: "EIO", times: 1, after: true });
            expect(codeOf(() => fsyncSync(file))).to.equal("EIO");
            closeSync(file);
            expect(readFileSync(join(there, "file"), "utf8")).to.equal("safe");
        });

        it("fails fsync of a directory", async () => {
            await onHere().setFault({ op: "fsyncdir", errno: "EIO", times: 1 });
            const opened = openSync(here, "r");
            expect([1, 2].map(() => codeOf(() => fsyncSync(opened)))).to.deep.equal(["EIO", "none"]);
            closeSync(opened);
        });

        it("has forgotten a file: ESTALE", async () => {
            writeFileSync(join(here, "file"), "text");
            const opened = openSync(join(there, "file"), "r");
            await onThere().setFault({ op: "read", errno: "ESTALE" });
            expect(codeOf(() => readSync(opened, Buffer.alloc(4)))).to.equal("ESTALE");
            await onThere().clearFaults();
            expect(readSync(opened, Buffer.alloc(4))).to.equal(4);
            closeSync(opened);
            await onThere().setFault({ op: "open", errno: "ESTALE", path: "/file$" });
            expect(codeOf(() => openSync(join(there, "file"), "r"))).to.equal("ESTALE");
            await onThere().setFault({ op: "lookup", errno: "ESTALE", path: "/other$" });
            expect(codeOf(() => statSync(join(there, "other")))).to.equal("ESTALE");
        });

        it("has forgotten a file for a moment: the kernel asks again", async () => {
            writeFileSync(join(here, "file"), "text");
            await onThere().setFault({ op: "open", errno: "ESTALE", times: 1 });
            expect(readFileSync(join(there, "file"), "utf8")).to.equal("text");
            expect((await onThere().faults()).map(({ fired }) => fired)).to.deep.equal([1]);
        });

        it("is full: ENOSPC", async () => {
            writeFileSync(join(here, "file"), "");
            for (const op of ["write", "create", "mkdir"]) await onHere().setFault({ op, errno: "ENOSPC" });
            expect(codeOf(() => appendFileSync(join(here, "file"), "text"))).to.equal("ENOSPC");
            expect(codeOf(() => writeFileSync(join(here, "new"), ""))).to.equal("ENOSPC");
            expect(codeOf(() => mkdirSync(join(here, "directory")))).to.equal("ENOSPC");
            expect(readFileSync(join(there, "file"), "utf8")).to.equal("");
            expect(readdirSync(server)).to.deep.equal(["file"]);
            await onHere().clearFaults();
            appendFileSync(join(here, "file"), "text");
        });

        it("says only when a file is closed that it is full", async () => {
            await onHere().setFault({ op: "flush", errno: "ENOSPC", times: 1 });
            const file = openSync(join(here, "file"), "wx");
            writeSync(file, "text");
            expect(codeOf(() => closeSync(file))).to.equal("ENOSPC");
        });

        it("takes its time", async () => {
            const id = await onHere().setFault({ op: "statfs", delayMilliseconds: 300 });
            const start = performance.now();
            statfsSync(here);
            expect(performance.now() - start).to.be.at.least(300);
            await onHere().clearFaults(id);
        });

        it("is cut off until it is connected again", async () => {
            await onHere().setFault({ op: "any", delayMilliseconds: 3_600_000 });
            let written = false;
            const writing = writeFile(join(here, "file"), "text").then(() => (written = true));
            await until("the write waits", async () => (await onHere().faults()).some(({ fired }) => fired > 0), 20);
            // The other node is not.
            writeFileSync(join(there, "other"), "");
            expect(written).to.be.false;
            await onHere().clearFaults();
            await writing;
            expect(readFileSync(join(there, "file"), "utf8")).to.equal("text");
        });

        it("does each fault as often, and where, as it was asked to", async () => {
            await onHere().setFault({ op: "mkdir", errno: "EIO", path: "/a$", times: 2 });
            await onHere().setFault({ op: "mkdir", errno: "ENOSPC", path: "/(a|b)$" });
            const codes = ["a", "a", "a", "b", "c"].map((name) => codeOf(() => mkdirSync(join(here, name))));
            expect(codes).to.deep.equal(["EIO", "EIO", "ENOSPC", "ENOSPC", "none"]);
        });
    });

    it("refuses a fault that would never come", async () => {
        const refusals = await Promise.all([
            rejection(onHere().setFault({ op: "lnk", errno: "EIO" })),
            rejection(onHere().setFault({ op: "link", errno: "EOI" })),
            rejection(onHere().setFault({ op: "link", errno: "EIO", path: "(" })),
            rejection(onHere().setFault({ op: "link" })),
            rejection(onHere().setFault({ op: "link", errno: "EIO", time: 1 } as { op: string })),
            rejection(onHere().clearFaults(12345)),
        ]);
        expect(refusals[0]).to.match(/^There is no operation "lnk"; there are /);
        expect(refusals[1]).to.equal('There is no errno "EOI".');
        expect(refusals[2]).to.match(/^The path "\(" is no regular expression/);
        expect(refusals[3]).to.equal("A fault needs errno or delayMilliseconds.");
        expect(refusals[4]).to.match(/unknown field "time"/);
        expect(refusals[5]).to.equal("There is no fault 12345.");
        expect(await onHere().faults()).to.deep.equal([]);
    });

    describe("ends", () => {
        let mountPoint = "";
        let started: ChildProcess | undefined;

        const mountAnother = () => {
            mountPoint = mkdtempSync(join(directory, "another-"));
            return mountLying({
                program,
                directory: join(directory, "server"),
                mountPoint,
                lies,
                start: (command, args) => {
                    const child = spawn(command, args);
                    started = child;
                    return child;
                },
            });
        };

        it("when it is told to, though a file is open and an operation waits", async () => {
            const mount = await mountAnother();
            const file = openSync(join(mountPoint, "open"), "w");
            await mount.setFault({ op: "statfs", delayMilliseconds: 3_600_000 });
            const waiting = spawn("stat", ["-f", mountPoint], { stdio: "ignore" });
            await until("stat waits", async () => (await mount.faults())[0].fired > 0, 20);
            await mount.unmount();
            expect(isMounted(mountPoint)).to.be.false;
            expect(codeOf(() => fstatSync(file))).to.equal("ENOTCONN");
            expect(codeOf(() => closeSync(file))).to.equal("ENOTCONN");
            if (waiting.exitCode === null) await once(waiting, "exit");
        });

        it("with SIGTERM", async () => {
            await mountAnother();
            expect(isMounted(mountPoint)).to.be.true;
            const ended = started && once(started, "exit");
            started?.kill("SIGTERM");
            expect(await ended).to.deep.equal([0, null]);
            expect(isMounted(mountPoint)).to.be.false;
        });

        it("when somebody else unmounts it", async () => {
            const mount = await mountAnother();
            const ended = started && once(started, "exit");
            expect(spawnSync("umount", [mountPoint]).status).to.equal(0);
            expect(await ended).to.deep.equal([0, null]);
            await mount.unmount();
        });

        it("before it has begun, with a sentence, where there is nothing to mount", async () => {
            const mounting = mountLying({ program, directory: join(directory, "none"), mountPoint: directory, lies });
            expect(await rejection(mounting)).to.match(/none cannot be opened: no such file or directory\.$/);
        });
    });

    it("can be mounted in the namespaces of a node", async () => {
        const script = "mount -t tmpfs tmpfs /tmp && echo && exec sleep infinity";
        const namespaces = ["--mount", "--propagation=private", "--pid", "--fork", "--kill-child", "--mount-proc"];
        const node = spawn("unshare", [...namespaces, "sh", "-c", script], { stdio: ["ignore", "pipe", "ignore"] });
        try {
            await once(node.stdout, "data");
            const first = readFileSync(`/proc/${node.pid}/task/${node.pid}/children`, "utf8").trim();
            const enter = ["--target", first, "--mount", "--pid", "--wd=/"];
            const run = (...command: string[]) =>
                spawnSync("nsenter", [...enter, ...command], { encoding: "utf8" }).stdout;
            run("mkdir", "/tmp/server", "/tmp/mount");
            // Of the node's own /tmp; the program is the machine's.
            const mount = await mountLying({
                program,
                directory: "/tmp/server",
                mountPoint: "/tmp/mount",
                lies,
                start: (command, args) => spawn("nsenter", [...enter, command, ...args]),
            });
            await mount.setFault({ op: "mkdir", errno: "ENOSPC" });
            expect(run("sh", "-c", "mkdir /tmp/mount/directory 2>&1")).to.match(/No space left on device/);
            expect(isMounted("/tmp/mount")).to.be.false;
            await mount.unmount();
            expect(run("cat", "/proc/mounts")).not.to.include(" /tmp/mount ");
        } finally {
            const ended = once(node, "exit");
            node.kill("SIGKILL");
            await ended;
        }
    });
});
