import { spawn } from "node:child_process";
import { chmod, copyFile, open, readFile, readdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect } from "chai";
import { boundFlags } from "../src/bounds/bounds";
import { FlagError, parseFlags, usage } from "../src/flags";
import { freePort } from "./broker";
import { bundled } from "./bundle";
import {
    type SpawnedEngine,
    cleanUp,
    engineSource,
    health,
    spawnEngine,
    spawnNode,
    spawnWith,
    startEngine,
    temporaryDirectory,
    untilListening,
} from "./engineProcess";
import { connect } from "./qixClient";
import { until } from "./until";

const freePorts = ["DesktopPort=0", "PrometheusServicePort=0", "BindAddress=127.0.0.1"];

describe("starting the engine", function () {
    this.timeout(60_000);
    afterEach(cleanUp);

    const fatal = async (engine: SpawnedEngine) => {
        expect(await engine.exit).to.equal(1);
        const lines = engine.log.filter((line) => line.logseverity === "FATAL");
        expect(lines).to.have.length(1);
        return lines[0]!.message;
    };

    it("refuses without the EULA", async () => {
        expect(await fatal(spawnEngine("AcceptEULA=no"))).to.match(/AcceptEULA=yes/);
        expect(await fatal(spawnWith(["-S", "DesktopPort=0"]))).to.match(/AcceptEULA=yes/);
    });

    it("refuses a flag of the wrong type, with key and value", async () => {
        expect(await fatal(spawnEngine("DesktopPort=ninety"))).to.match(/DesktopPort=ninety is no whole number/);
        expect(await fatal(spawnEngine("SessionTTL=2147484"))).to.match(
            /SessionTTL=2147484 is no whole number from -1 to/,
        );
        expect(() =>
            parseFlags(["UseEventBus=1", "RabbitHost=a", "EventBusPingInterval=0"].flatMap((flag) => ["-S", flag])),
        ).to.throw(FlagError, "EventBusPingInterval=0 is no whole number from 1 to 2147483.");
        expect(await fatal(spawnEngine("UseEventBus=1", "RabbitHost="))).to.match(/RabbitHost= is no host:port/);
    });

    it("refuses to validate tokens, which it can't, instead of letting everyone in", async () => {
        for (const value of ["1", "2", "", "yes"]) {
            expect(() => parseFlags(["-S", `ValidateJsonWebTokens=${value}`])).to.throw(
                FlagError,
                `ValidateJsonWebTokens=${value} asks for a protection that this engine does not have`,
            );
        }
        expect(await fatal(spawnEngine("ValidateJsonWebTokens=1", "JsonWebTokenSecret=very-secret"))).to.match(
            /^ValidateJsonWebTokens=1 asks .*\.$/,
        );
        expect(parseFlags(["-S", "ValidateJsonWebTokens=0"]).warnings).to.deep.equal([]);
    });

    it("refuses bounds that would let nothing through", () => {
        const parse = (...flags: string[]) => parseFlags(flags.flatMap((flag) => ["-S", flag]));
        expect(() => parse("MessageLimit=0")).to.throw(FlagError, "MessageLimit=0 is no whole number from 1 to");
        expect(() => parse("RequestLimit=none")).to.throw(FlagError, "RequestLimit=none is no whole number from 1");
        expect(() => parse("PendingLimit=1000", "MessageLimit=1001")).to.throw(
            FlagError,
            "PendingLimit=1000 is less than MessageLimit=1001",
        );
        const { bounds } = parse("SessionLimit=0", "TtlSessionLimit=7").flags;
        expect(bounds).to.include({ SessionLimit: Infinity, SessionLimitPerAddress: 2_500, TtlSessionLimit: 7 });
        expect(bounds).to.include({ MessageLimit: 16 * 1024 * 1024, PendingLimit: 128 * 1024 * 1024 });
    });

    it("refuses a port that is taken", async () => {
        const first = await startEngine(await temporaryDirectory());
        const port = new URL(first.url).port;
        const documents = `DocumentDirectory=${await temporaryDirectory()}`;
        expect(await fatal(spawnEngine(documents, `DesktopPort=${port}`))).to.match(/EADDRINUSE/);
    });

    it("refuses rules that it can't understand, with file and line", async () => {
        const path = join(await temporaryDirectory(), "rules.txt");
        await writeFile(path, 'resource._resourcetype = "App" and\n');
        const documents = `DocumentDirectory=${await temporaryDirectory()}`;
        const message = await fatal(spawnEngine(documents, "EnableABAC=1", `SystemAllowRulePath=${path}`));
        expect(message).to.include(`${path}:1:`);
    });

    it("runs on without a document directory, and says why in its log", async () => {
        const file = join(await temporaryDirectory(), "file");
        await writeFile(file, "");
        const engine = await startEngine(join(file, "documents"));
        expect(engine.log.some((line) => line.message.startsWith(`DocumentDirectory=${file}/documents`))).to.equal(
            true,
        );
        const code = await (await connect(engine)).global.createApp("A").catch((error: { code: number }) => error.code);
        expect(code).to.equal(1006);
    });

    it("logs one JSON object a line, in the real engine's members", async () => {
        const engine = await startEngine(await temporaryDirectory());
        await engine.stop();
        expect(engine.log.length).to.be.greaterThan(3);
        for (const line of engine.log) {
            expect(line).to.include.keys("timestamp", "log_type", "logseverity", "thread_id", "user_id", "message");
        }
        expect(engine.log.some((line) => line.message.startsWith("Engine Version is 12.160.0"))).to.equal(true);
    });

    it("reads the flags of the second seed, stray quote and all", () => {
        const flags = ["AcceptEULA=no", "DocumentDirectory=/data/apps", "SystemLogVerbosity=4"];
        const garbled = [...flags.flatMap((flag) => ["-S", flag]), '-S"', "Gen3=1", "-S", "PersistenceMode=3"];
        const rest = ["-S", "RabbitHost=rabbitmq:5672", "-S", "UseEventBus=1", "-S", "EnableABAC=1", "-S"];
        const parsed = parseFlags([...garbled, ...rest]);
        expect(parsed.flags).to.include({ acceptEula: false, documentDirectory: "/data/apps", enableAbac: true });
        expect(parsed.flags).to.include({ port: 9076, sessionTtl: 0, maxSessionTtl: 1800 });
        expect(parsed.flags.broker).to.deep.equal({
            host: "rabbitmq",
            port: 5672,
            loginDirectory: "/run/secrets/rabbitmq",
            echoTimeout: 5,
            pingInterval: 4,
        });
        expect(parsed.flags.catchUpInterval).to.equal(300);
        expect(parsed.warnings).to.have.length(4);
        expect(parseFlags(["-S", "constructor=1"]).warnings).to.deep.equal([
            "The flag constructor is not known and ignored.",
        ]);
        expect(() => parseFlags(["-S", "EnableABAC=perhaps"])).to.throw(FlagError, "EnableABAC=perhaps");
    });

    it("keeps secrets that it is given on the command line out of its log, garbled or not", async () => {
        const documents = await temporaryDirectory();
        const good = ["AcceptEULA=yes", ...freePorts, `DocumentDirectory=${documents}`];
        const args = [...good, "JsonWebTokenSecret=very secret"].flatMap((flag) => ["-S", flag]);
        const engine = await untilListening(spawnWith([...args, "-S JsonWebTokenSecret=very secret"]));
        expect(JSON.stringify(engine.log)).to.include("JsonWebTokenSecret=").and.not.to.include("very secret");

        const refused = spawnEngine("UseEventBus=1", "RabbitHost=amqp://engine:very-secret@rabbitmq:5672");
        expect(await fatal(refused)).to.match(/^RabbitHost=.*rabbitmq:5672 is no host:port/);
        expect(JSON.stringify(refused.log)).not.to.include("very-secret");
    });

    it("runs on when nobody takes its log", async () => {
        const full = await open("/dev/full", "w");
        try {
            const port = await freePort();
            const documents = `DocumentDirectory=${await temporaryDirectory()}`;
            const flags = ["AcceptEULA=yes", ...freePorts, `DesktopPort=${port}`, documents];
            const command = [bundled(engineSource), ...flags.flatMap((flag) => ["-S", flag])];
            const child = spawn(process.execPath, command, { stdio: ["ignore", full.fd, "inherit"] });
            try {
                const url = `ws://127.0.0.1:${port}`;
                await until("it answers", () => health({ url }).catch(() => child.exitCode !== null));
                expect(child.exitCode).to.equal(null);
                expect((await (await connect({ url })).global.createApp("A")).qSuccess).to.equal(true);
            } finally {
                child.kill("SIGKILL");
            }
        } finally {
            await full.close();
        }
    });

    it("has each of its flags in its README, and each bound with its default", async () => {
        const readme = await readFile(join(__dirname, "../README.md"), "utf8");
        const flags = [...usage().matchAll(/^ {2}(\w+)=(\S*) /gm)];
        expect(flags.length).to.be.greaterThan(30);
        for (const [, key = "", value = ""] of flags) {
            const row = readme.split("\n").find((line) => line.startsWith("| `") && line.includes(`\`${key}\``));
            expect(row, key).not.to.equal(undefined);
            if ((boundFlags as readonly string[]).includes(key)) {
                expect(row?.split("|")[2], key).to.match(new RegExp(`\\b${value}\\b`));
            }
        }
    });

    it("explains its flags, and runs from its sources", async () => {
        const engine = spawnNode(["--import", "tsx", engineSource, "--help"]);
        expect(await engine.exit).to.equal(0);
        const help = engine.log.map((line) => line.message).join("\n");
        expect(help).to.include("DocumentDirectory=/home/engine/Qlik/Sense/Apps");
    });

    it("works as one bundled file without modules, under any user, with nothing else writable", async function () {
        if (process.getuid?.() !== 0) {
            // Without root there is no other user to run the engine as.
            return this.skip();
        }
        const folder = await temporaryDirectory();
        const outfile = join(folder, "engine.cjs");
        await copyFile(bundled(engineSource), outfile);
        const documents = await temporaryDirectory();
        await chmod(folder, 0o755);
        await chmod(documents, 0o777);
        const args = ["AcceptEULA=yes", ...freePorts, `DocumentDirectory=${documents}`];
        const command = [outfile, ...args.flatMap((flag) => ["-S", flag])];
        const engine = await untilListening(spawnNode(command, { uid: 1910, gid: 1910, cwd: folder }));
        const { qAppId } = await (await connect(engine)).global.createApp("Bundled");
        expect(await readdir(documents)).to.deep.equal([qAppId]);
        expect((await health(engine)).version).to.equal("12.160.0");
    });
});
