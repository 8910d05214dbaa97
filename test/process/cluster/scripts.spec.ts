import { expect } from "chai";
import { spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import { createServer as createSecureServer } from "node:https";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { healthScript, programScript } from "../../../local/cluster/configuration";
import type { Program } from "../../../local/cluster/programs";

/** The scripts of a node, run where /run is their own. */
describe("a node's scripts", function () {
    this.timeout(30_000);
    let directory: string;

    before(function () {
        if (process.getuid?.() === 0) return;
        console.log("      skipped: a /run of one's own takes root");
        this.skip();
    });

    beforeEach(() => (directory = mkdtempSync(join(tmpdir(), "document-sync-scripts-"))));

    afterEach(() => rmSync(directory, { recursive: true }));

    /** Writes a script. @returns a command that runs it, after `first`, where `directory` is on PATH and /run is empty. */
    function prepare(script: string, first = ""): readonly [string, string[]] {
        const file = join(directory, "script");
        writeFileSync(file, script, { mode: 0o700 });
        const lines = `mount -t tmpfs tmpfs /run; PATH=${directory}:$PATH; ${first} exec ${file} "$@"`;
        return ["unshare", ["--mount", "bash", "-ec", lines, "bash"]];
    }

    describe("that start a program", () => {
        it("give it its arguments as they are, and those that they are given", () => {
            const words = ["two words", "it's", "$HOME", "`id`", "$(id)", "\\", "", '"', "*", "a\nb", "--flag=x y"];
            const [command, args] = prepare(programScript({ name: "p", command: ["printf", "%s\\0", ...words] }));
            const { stdout, stderr } = spawnSync(command, [...args, "--more", "and more"], { encoding: "utf8" });
            expect(stderr).to.equal("");
            expect(stdout.split("\0")).to.deep.equal([...words, "--more", "and more", ""]);
        });

        it("say which process it is", () => {
            const script = programScript({ name: "p", command: ["sh", "-c", "cat /run/programs/p; echo $$"] });
            const [command, args] = prepare(script);
            const [said, own] = spawnSync(command, args, { encoding: "utf8" }).stdout.trim().split("\n");
            expect(said).to.match(/^\d+$/).and.to.equal(own);
        });

        it("wait for what it needs, and do not say that it runs meanwhile", async () => {
            const needed = join(directory, "needed");
            const script = programScript({ name: "p", command: ["echo", "runs"], needs: `[ -e '${needed}' ]` });
            // One of before.
            const first = "mkdir /run/programs; echo 1 > /run/programs/p;";
            const looking = `(sleep 1; ls /run/programs; touch '${needed}') &`;
            const [command, args] = prepare(script, first + looking);
            const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
            let said = "";
            child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
            await once(child, "close");
            expect(said).to.equal("runs\n");
        });
    });

    describe("that ask for health", () => {
        const servers: Server[] = [];

        afterEach(() => {
            for (const server of servers.splice(0)) {
                server.closeAllConnections();
                server.close();
            }
        });

        /** @returns its port. Without a status it never answers. */
        async function serve(status?: number): Promise<number> {
            const server = createServer((request, response) => {
                if (status === undefined) return;
                response.writeHead(request.url === "/well" ? status : 404).end();
            }).listen(0, "127.0.0.1");
            servers.push(server);
            await once(server, "listening");
            return (server.address() as AddressInfo).port;
        }

        /** Names that the script prints. It runs beside this process, whose servers it asks. */
        async function ask(programs: readonly Program[], containerd: string, first = ""): Promise<string[]> {
            writeFileSync(join(directory, "ctr"), `#!/bin/sh\n${containerd}\n`, { mode: 0o700 });
            const [command, args] = prepare(healthScript(programs), `mkdir /run/programs; ${first}`);
            const child = spawn(command, args, { stdio: ["ignore", "pipe", "inherit"] });
            let said = "";
            child.stdout.setEncoding("utf8").on("data", (text: string) => (said += text));
            await once(child, "close");
            return said.split("\n").filter(Boolean);
        }

        const program = (name: string, port?: number, path = "/well"): Program => ({
            name,
            command: [],
            ...(port !== undefined && { health: { port, path } }),
        });

        it("name no program that is well", async () => {
            const programs = [program("answers", await serve(200)), program("runs")];
            expect(await ask(programs, "exit 0", "echo $$ > /run/programs/runs;")).to.deep.equal([]);
        });

        it("ask over TLS, and by a condition, where a program wants it", async () => {
            const pem = ["key", "cert"].map((name) => join(directory, `${name}.pem`));
            const request = ["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-subj", "/CN=localhost"];
            spawnSync("openssl", [...request, "-keyout", pem[0], "-out", pem[1]]);
            const [key, cert] = pem.map((file) => readFileSync(file));
            const server = createSecureServer({ key, cert }, (question, response) => {
                response.writeHead(question.url === "/well" ? 200 : 500).end("words");
            }).listen(0, "127.0.0.1");
            servers.push(server);
            await once(server, "listening");
            const { port } = server.address() as AddressInfo;
            const programs: Program[] = [
                { name: "well", command: [], health: { port, path: "/well", isSecure: true } },
                { name: "unwell", command: [], health: { port, path: "/unwell", isSecure: true } },
                { name: "insecure", command: [], health: { port: await serve(200), path: "/well", isSecure: true } },
                { name: "so", command: [], health: "true && [ 1 = 1 ]" },
                { name: "not so", command: [], health: "true && false" },
            ];
            expect(await ask(programs, "exit 0")).to.deep.equal(["unwell", "insecure", "not so"]);
        });

        it("name those that answer something else, at another path, late or not at all", async () => {
            const closed = await serve(200);
            servers.pop()?.close();
            const programs = [
                program("unwell", await serve(500)),
                program("elsewhere", await serve(200), "/other"),
                program("hanging", await serve()),
                program("closed", closed),
                program("well", await serve(200)),
            ];
            expect(await ask(programs, "exit 0")).to.deep.equal(["unwell", "elsewhere", "hanging", "closed"]);
        });

        it("name those that have ended, and those that never ran", async () => {
            const first = "true & echo $! > /run/programs/ended; wait; echo $$ > /run/programs/runs;";
            const programs = [program("ended"), program("runs"), program("never")];
            expect(await ask(programs, "exit 0", first)).to.deep.equal(["ended", "never"]);
        });

        it("name containerd if it gives no answer, or none in 5 s", async () => {
            expect(await ask([], "exit 1")).to.deep.equal(["containerd"]);
            expect(await ask([], "exec sleep 60")).to.deep.equal(["containerd"]);
        });
    });
});
