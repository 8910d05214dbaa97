import { expect } from "chai";
import { spawnSync, type ChildProcess } from "node:child_process";
import { once } from "node:events";
import {
    copyFileSync,
    existsSync,
    linkSync,
    mkdirSync,
    mkdtempSync,
    readdirSync,
    readFileSync,
    rmSync,
    symlinkSync,
    writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { parse, stringify } from "yaml";
import { buildRoot } from "../../../local/artifacts/images/rootFileSystem";
import { debianPackages, installPackages } from "../../../local/machine/packages";
import { cacheDirectory, machine as platform, projectDirectory } from "../../../local/machine/paths";
import { buildTool } from "../../../local/artifacts/toolchain/build";
import { hosts, makeCertificates, publishImage, publishPulumi, smallLayer } from "./publication";
import type { Fault } from "./publisher";
import { TestMachine, type Result } from "../testMachine";

const report = (line: string) => process.stderr.write(`${line}\n`);

describe("released tools and images", function () {
    this.timeout(900_000);

    let machine: TestMachine;
    let directory: string;
    let publisher: ChildProcess;
    let cache: string;
    /** Where the first test has put what it fetched. */
    let fetchedTools: string;

    const inDirectory = (...names: string[]) => join(directory, ...names);

    /** The environment of a user to whom the publisher's certificate is good, with a cache of this test's own. */
    const environment = () => ({
        NODE_EXTRA_CA_CERTS: inDirectory("ca.crt"),
        SSL_CERT_FILE: inDirectory("ca.crt"),
        CURL_CA_BUNDLE: inDirectory("ca.crt"),
        XDG_CACHE_HOME: cache,
    });

    async function startPublisher(...faults: Fault[]): Promise<void> {
        writeFileSync(inDirectory("faults.json"), JSON.stringify(faults));
        writeFileSync(inDirectory("requests"), "");
        rmSync(inDirectory("ready"), { force: true });
        const args = ["--import", "tsx", join(__dirname, "publisher.ts"), directory];
        publisher = machine.spawn(process.execPath, args);
        publisher.stderr?.on("data", (text: Buffer) => process.stderr.write(text));
        const deadline = Date.now() + 30_000;
        while (!existsSync(inDirectory("ready"))) {
            if (publisher.exitCode !== null || Date.now() > deadline) throw new Error("the publisher did not start");
            await delay(50);
        }
    }

    async function stopPublisher(): Promise<void> {
        if (publisher.exitCode !== null || publisher.signalCode !== null) return;
        const ended = once(publisher, "exit");
        // By its number there: the child here is the one that entered the machine.
        await machine.mustRun("kill", ["-KILL", readFileSync(inDirectory("ready"), "utf8")]);
        await ended;
    }

    const requests = () => readFileSync(inDirectory("requests"), "utf8").split("\n").filter(Boolean);

    /** A cache in which everything is built, and nothing was fetched. */
    function emptyCache(): void {
        cache = mkdtempSync(inDirectory("cache-"));
        const own = join(cache, "document-sync");
        symlinkSync(join(cacheDirectory, "busybox"), join(mkdirAll(own), "busybox"));
        for (const folder of ["tools", "roots"]) {
            const target = mkdirAll(join(own, folder));
            for (const name of readdirSync(join(cacheDirectory, folder)).filter(
                (entry) => !/building|released/.test(entry),
            )) {
                const [from, to] = [join(cacheDirectory, folder, name), join(target, name)];
                // Layers are linked into archives, where a symbolic one would stay one.
                if (name.endsWith(".tar")) linkSync(from, to);
                else symlinkSync(from, to);
            }
        }
    }

    function mkdirAll(path: string): string {
        mkdirSync(path, { recursive: true });
        return path;
    }

    /** What a first start finds. */
    async function reset(): Promise<void> {
        emptyCache();
        await machine.mustRun("rm", ["-rf", platform.pulumi.directory]);
    }

    /** Puts the CLI that was fetched before into an empty cache. */
    function keepFetchedCli(): void {
        const [name] = readdirSync(fetchedTools).filter((entry) => entry.startsWith("pulumi-released"));
        symlinkSync(join(fetchedTools, name), join(cache, "document-sync", "tools", name));
    }

    /** What a start does about tools and images, and its lines of what was taken. */
    async function takeTools(args: string[] = [], seconds = 120): Promise<Result & { taken: string[] }> {
        const script = ["--import", "tsx", join(__dirname, "takeTools.ts"), String(seconds), ...args];
        const result = await machine.run(process.execPath, script, { env: environment() });
        const taken = result.output.split("\n").filter((line) => /^(Pulumi|Node\.js|Image|Base)[^:]*: /.test(line));
        return { ...result, taken };
    }

    const npm = (...args: string[]) => machine.run("npm", ["run", "--silent", ...args], { env: environment() });

    const released = [
        "Pulumi CLI: 3.276.0, released",
        "Node.js language host: the CLI's own",
        "Pulumi plugin kubernetes: 4.25.0, released",
        "Pulumi plugin random: 4.21.1, released",
        "Image of the broker: docker.io/library/rabbitmq:4.3",
        "Base of the engine's image: docker.io/library/node:24.21.0-trixie-slim",
    ];
    const built = [
        "Pulumi CLI: 3.276.0, built from its Go module",
        "Node.js language host: built from its Go module",
        "Pulumi plugin kubernetes: 4.25.0, built from its Go module",
        "Pulumi plugin random: 4.21.1, this project's own",
        "Image of the broker: made from Debian packages",
        "Base of the engine's image: made from Debian packages",
    ];

    /** Lines of what was taken, without the reasons. */
    const withoutReasons = (lines: readonly string[]) => lines.map((line) => line.replace(/ \(.*\)$/, ""));

    /** Files of something that is not whole, in the cache and in Pulumi's directory. */
    async function leftovers(): Promise<string[]> {
        const found = ["-path", "*.building-*", "-o", "-name", "*.partial", "-o", "-name", "*.tmp*"];
        const directories = [cache, platform.pulumi.directory];
        return (await machine.mustRun("find", [...directories, ...found])).split("\n").filter(Boolean);
    }

    before(async () => {
        // For buildah's sake, and with it comes what skopeo needs.
        await installPackages(debianPackages.tests, report);
        directory = mkdtempSync(join(tmpdir(), "document-sync-released-"));
        const scratch = mkdirAll(inDirectory("scratch"));
        const download = spawnSync("apt-get", ["download", "skopeo"], { cwd: scratch, encoding: "utf8" });
        expect(download.status, download.stderr).to.equal(0);
        const tools = ["kubernetes", "pulumi", "pulumi-language-nodejs", "pulumi-resource-kubernetes"] as const;
        for (const tool of tools) await buildTool(tool, report);

        makeCertificates(directory);
        await publishPulumi(inDirectory("served"), scratch);
        const layer = smallLayer(scratch);
        publishImage(inDirectory("served"), "library/rabbitmq", "4.3", layer, { User: "", Env: [] });
        publishImage(inDirectory("served"), "library/node", "24.21.0-trixie-slim", layer, { User: "", Env: [] });

        machine = await TestMachine.start();
        const [package_] = readdirSync(scratch).filter((name) => name.endsWith(".deb"));
        await machine.mustRun("dpkg", ["--install", join(scratch, package_)]);
        const names = hosts.map((host) => `127.0.0.1 ${host}\\n`).join("");
        await machine.mustRun("sh", ["-c", `printf '${names}' >> /etc/hosts`]);
    });

    after(async () => {
        await machine?.end();
        if (directory) rmSync(directory, { recursive: true, force: true });
    });

    afterEach(() => stopPublisher());

    it("are taken where they are to be had, and asked for once", async () => {
        await reset();
        await startPublisher();
        const first = await takeTools();
        expect(first.taken, first.output).to.deep.equal(released);
        expect(first.exitCode).to.equal(0);
        expect(await leftovers()).to.deep.equal([]);
        expect(requests().filter((line) => line.startsWith("GET get.pulumi.com"))).to.deep.equal([
            "GET get.pulumi.com/install.sh",
            "GET get.pulumi.com/releases/sdk/pulumi-v3.276.0-linux-x64.tar.gz",
        ]);

        fetchedTools = join(cache, "document-sync", "tools");

        await stopPublisher();
        await startPublisher();
        const second = await takeTools();
        expect(second.taken, second.output).to.deep.equal(released);
        expect(requests()).to.deep.equal([]);

        // A machine that has lost its cluster and Pulumi's state, or another one that shares the cache.
        await machine.mustRun("rm", ["-rf", platform.pulumi.directory]);
        // What was remembered can't be read: what is here counts, and still nothing is asked.
        writeFileSync(join(cache, "document-sync", "answers.json"), '{"Pulumi CLI": {"question": 3}, "Pulumi plug');
        const third = await takeTools();
        expect(third.taken, third.output).to.deep.equal(released);
        expect(requests()).to.deep.equal([]);
    });

    it("are not asked for again where they were not to be had", async () => {
        await reset();
        await startPublisher();
        await stopPublisher();
        const first = await takeTools();
        expect(withoutReasons(first.taken), first.output).to.deep.equal(built);
        expect(first.taken[0]).to.contain(
            "(Pulumi CLI 3.276.0 could not be fetched: no answer from https://get.pulumi.com/",
        );
        keepFetchedCli();
        await startPublisher();
        const second = await takeTools();
        expect(second.taken, second.output).to.deep.equal(first.taken);
        expect(requests()).to.deep.equal([]);

        const asked = await takeTools(["--tools=released"]);
        expect(asked.taken, asked.output).to.deep.equal(released);
        const back = await takeTools(["--tools=built"]);
        expect(back.taken, back.output).to.deep.equal(built);
        // The last word counts until there is another.
        writeFileSync(inDirectory("requests"), "");
        const plain = await takeTools();
        expect(plain.taken, plain.output).to.deep.equal(built);
        expect(requests()).to.deep.equal([]);
    });

    const [pulumi, kubernetes, random, broker, engine] = [[0, 1], [2], [3], [4], [5]];
    const cases: { title: string; fault: Fault; falls: number[] }[] = [
        {
            title: "a publisher that accepts and never answers",
            fault: { of: "", is: "silent" },
            falls: [0, 1, 2, 3, 4, 5],
        },
        {
            title: "a publisher that goes after the CLI",
            fault: { of: "/releases/sdk/", is: "last" },
            falls: [...kubernetes, ...random, ...broker, ...engine],
        },
        { title: "a CLI that ends in the middle", fault: { of: "/releases/sdk/", is: "cut" }, falls: pulumi },
        { title: "a CLI that stops in the middle", fault: { of: "/releases/sdk/", is: "stalled" }, falls: pulumi },
        { title: "a plugin that ends in the middle", fault: { of: "/pulumi-random/", is: "cut" }, falls: random },
        {
            title: "a plugin that stops in the middle",
            fault: { of: "/pulumi-kubernetes/", is: "stalled" },
            falls: kubernetes,
        },
        {
            title: "an image that ends in the middle",
            fault: { of: "library/rabbitmq/blobs", is: "cut" },
            falls: broker,
        },
        {
            title: "an image that stops in the middle",
            fault: { of: "library/node/blobs", is: "stalled" },
            falls: engine,
        },
    ];
    for (const { title, fault, falls } of cases) {
        it(`are built in the place of ${title}, and nothing of it stays`, async () => {
            await reset();
            // A large file, which need not come again each time.
            if (/plugin|image/.test(title)) keepFetchedCli();
            await startPublisher(fault);
            const started = Date.now();
            const { taken, exitCode, output } = await takeTools([], fault.is === "stalled" ? 20 : 120);
            expect(exitCode, output).to.equal(0);
            const expected = released.map((line, index) => (falls.includes(index) ? built[index] : line));
            expect(withoutReasons(taken), output).to.deep.equal(expected);
            expect(await leftovers()).to.deep.equal([]);
            // Within the limit, and what else there is to do on a busy machine.
            if (fault.is === "stalled" || fault.is === "silent") expect(Date.now() - started).to.be.below(90_000);
            const fetched = readdirSync(join(cache, "document-sync", "tools")).join(" ");
            for (const [plugin, [index]] of Object.entries({ kubernetes, random }))
                expect(fetched.includes(`plugin-${plugin}-released`), fetched).to.equal(!falls.includes(index));
            const running = await machine.mustRun("ps", ["-eo", "args"]);
            expect(running).not.to.match(/install\.sh|skopeo|plugin install/);
        });
    }

    it("need no Go for Pulumi where they are to be had", async () => {
        await reset();
        const tools = join(cache, "document-sync", "tools");
        for (const name of readdirSync(tools).filter((entry) => entry.startsWith("pulumi"))) rmSync(join(tools, name));
        const script = `require("./local/platform/preflight/preflight").preflight(console.log).catch((error) => console.log(error.message))`;
        const preflight = () =>
            machine.mustRun(process.execPath, ["--import", "tsx", "-e", script], {
                env: { ...environment(), PATH: "/usr/sbin:/usr/bin:/sbin:/bin" },
            });
        await startPublisher();
        expect(await preflight()).to.equal("");
        expect(requests()).to.have.members(["HEAD get.pulumi.com/install.sh", "HEAD github.com/pulumi/"]);
        await stopPublisher();
        expect(await preflight()).to.match(/^Go [\d.]+ or later is needed on PATH; there is none\n$/);
    });

    it("are refused in a sentence where they are forced and not to be had", async () => {
        await reset();
        keepFetchedCli();
        await startPublisher({ of: "/pulumi-random/", is: "cut" });
        const half = await takeTools(["--tools=released"]);
        expect(half.exitCode).to.equal(1);
        expect(half.output).to.match(/^--tools=released: Pulumi plugin random 4\.21\.1 could not be fetched: .+$/m);
        expect(await leftovers()).to.deep.equal([]);
        await stopPublisher();

        await reset();
        const none = await npm("start", "--", "--tools=released");
        expect(none.exitCode, none.output).to.equal(1);
        expect(none.output).to.contain(
            "--tools=released: Pulumi CLI 3.276.0 could not be fetched: no answer from https://get.pulumi.com/install.sh\n" +
                ["kubernetes 4.25.0", "random 4.21.1"]
                    .map(
                        (plugin) =>
                            `--tools=released: Pulumi plugin ${plugin} could not be fetched: no answer from ` +
                            "https://github.com/pulumi/ or https://get.pulumi.com/install.sh\n",
                    )
                    .join("") +
                "--tools=released: images of broker and engine could not be fetched: no answer from https://registry-1.docker.io/v2/\n",
        );
        expect((await machine.run("ls", [platform.cluster])).exitCode, "a cluster was made").not.to.equal(0);

        const wrong = await npm("start", "--", "--tools=bought");
        expect(wrong.exitCode).to.equal(2);
        expect(wrong.output).to.contain('--tools must be released or built, not "bought"');
    });

    it("bring up the whole of it, here and on a cluster of the user's own", async () => {
        await reset();
        const layerOf = async (kind: "broker" | "node") => readFileSync(`${await buildRoot(kind, report)}.tar`);
        const served = inDirectory("served");
        // Laid out as the official ones: a program that others start, another user.
        const path = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin";
        publishImage(served, "library/rabbitmq", "4.3", await layerOf("broker"), {
            Env: [`PATH=/usr/lib/rabbitmq/bin:${path}`, "HOME=/var/lib/rabbitmq", "LANG=C.UTF-8"],
            Entrypoint: ["env"],
            Cmd: ["rabbitmq-server"],
            Volumes: { "/var/lib/rabbitmq": {} },
        });
        publishImage(served, "library/node", "24.21.0-trixie-slim", await layerOf("node"), {
            Env: [`PATH=${path}`],
            Cmd: ["node"],
        });
        await startPublisher();
        const first = await npm("start");
        expect(first.exitCode, first.output).to.equal(0);
        expect(first.output).to.contain("Cluster: this machine's own\n").and.to.contain("The scenario passed.");
        for (const line of released) expect(first.output.split("\n")).to.include(line);
        const unchanged = await npm("pulumi", "--", "preview", "--expect-no-changes", "--stack", "dev");
        expect(unchanged.exitCode, unchanged.output).to.equal(0);

        // The other column, on the same stack.
        writeFileSync(inDirectory("requests"), "");
        const other = await npm("start", "--", "--tools=built");
        expect(other.exitCode, other.output).to.equal(0);
        for (const line of built) expect(other.output.split("\n")).to.include(line);
        expect(requests()).to.deep.equal([]);

        // A cluster of the user's own: this one, by another name, with a kubeconfig such as kubeadm makes.
        const kubeconfig = parse(await machine.mustRun("cat", [platform.kubeconfig])) as {
            clusters: { name: string }[];
            users: { name: string }[];
        };
        const [cluster, user] = [kubeconfig.clusters[0], kubeconfig.users[0]];
        const context = { name: "mine", context: { cluster: "kubernetes", user: "kubernetes-admin" } };
        const own = {
            clusters: [{ ...cluster, name: "kubernetes" }],
            users: [{ ...user, name: "kubernetes-admin" }],
            contexts: [context],
            "current-context": "mine",
        };
        writeFileSync(inDirectory("kubeconfig"), stringify(own), { mode: 0o600 });
        const file = join(projectDirectory, "Pulumi.dev.yaml");
        const text = readFileSync(file, "utf8").replace("context: document-sync", "context: mine");
        writeFileSync(inDirectory("Pulumi.dev.yaml"), text);
        copyFileSync(inDirectory("Pulumi.dev.yaml"), inDirectory("bound.yaml"));
        await machine.mustRun("mount", ["--bind", inDirectory("bound.yaml"), file]);
        const elsewhere = (...args: string[]) =>
            machine.run("npm", ["run", "--silent", ...args], {
                env: { ...environment(), KUBECONFIG: `${inDirectory("none")}:${inDirectory("kubeconfig")}` },
            });
        const moved = await elsewhere("start");
        expect(moved.exitCode, moved.output).to.equal(0);
        expect(moved.output)
            .to.contain("Cluster: mine, of your own kubeconfig\n")
            .and.to.contain("The scenario passed.");
        expect(moved.output).not.to.match(/Kubernetes|Images/);
        const still = await elsewhere("pulumi", "--", "preview", "--expect-no-changes", "--stack", "dev");
        expect(still.exitCode, still.output).to.equal(0);
        const stopped = await elsewhere("stop");
        expect(stopped.exitCode, stopped.output).to.equal(0);
        expect(stopped.output).to.match(/^Cluster of the dev stack: mine, of your own kubeconfig$/m);
        expect(readFileSync(inDirectory("bound.yaml"), "utf8")).to.equal(text);
        await machine.mustRun("umount", [file]);
    });
});
