import { expect } from "chai";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { projectDirectory } from "../../../local/machine/paths";
import { serve } from "../../../local/artifacts/plugins/random/server";
import { doesAnswer } from "../../../local/artifacts/released/fetch";

const spellings = ["http_proxy", "HTTP_PROXY", "https_proxy", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"];
const isProxyVariable = (name: string) => /proxy$/i.test(name);

/** Nothing listens there. */
const dead = "http://127.0.0.1:9";

function environment(proxies: Record<string, string>): NodeJS.ProcessEnv {
    const others = Object.entries(process.env).filter(([name]) => !isProxyVariable(name));
    return { ...Object.fromEntries(others), ...proxies };
}

/** What a Node program prints, and its exit code. */
async function run(args: readonly string[], env: NodeJS.ProcessEnv): Promise<{ code: number; output: string }> {
    const child = spawn(process.execPath, args, { cwd: projectDirectory, env, stdio: ["ignore", "pipe", "pipe"] });
    const [[code], ...output] = await Promise.all([
        once(child, "close") as Promise<[number]>,
        text(child.stdout),
        text(child.stderr),
    ]);
    return { code, output: output.join("") };
}

const bootstrap = join("local", "bootstrap.mjs");

describe("behind a proxy", function () {
    this.timeout(60_000);

    describe("a command's environment", () => {
        const environmentOf = async (proxies: Record<string, string>) => {
            const { output } = await run(
                [bootstrap, "node", "-p", "JSON.stringify(process.env)"],
                environment(proxies),
            );
            const variables = Object.entries(JSON.parse(output) as Record<string, string>);
            return Object.fromEntries(variables.filter(([name]) => isProxyVariable(name)));
        };
        const local = "127.0.0.1,localhost,::1";
        const none = { no_proxy: local, NO_PROXY: local, no_grpc_proxy: local };
        const http = { http_proxy: dead, HTTP_PROXY: dead };
        const https = { https_proxy: dead, HTTPS_PROXY: dead };

        it("is left as it is where there is no proxy", async () => {
            expect(await environmentOf({ no_proxy: "a, b" })).to.deep.equal({ no_proxy: "a, b" });
        });

        it("has each spelling of the proxy, and the machine itself without", async () => {
            expect(await environmentOf({ http_proxy: dead })).to.deep.equal({ ...http, ...none });
            expect(await environmentOf({ HTTPS_PROXY: dead })).to.deep.equal({ ...https, ...none });
            const all = await environmentOf({ ALL_PROXY: dead });
            expect(all).to.deep.equal({ ALL_PROXY: dead, ...http, ...https, ...none });
        });

        it("has a proxy for all where none is named, and never one of another protocol", async () => {
            const other = "http://127.0.0.1:10";
            expect(await environmentOf({ all_proxy: dead, https_proxy: other })).to.include({
                http_proxy: dead,
                HTTPS_PROXY: other,
            });
            const socks = { all_proxy: "socks5://127.0.0.1:9" };
            expect(await environmentOf(socks)).to.deep.equal({ ...socks, ...none });
        });

        it("keeps the user's exceptions, without their blanks", async () => {
            const own = { http_proxy: dead, no_proxy: "localhost, .corp", NO_PROXY: "b", no_grpc_proxy: "c" };
            const list = "localhost,.corp,b,127.0.0.1,::1";
            expect(await environmentOf(own)).to.deep.equal({
                ...http,
                no_proxy: list,
                NO_PROXY: list,
                no_grpc_proxy: `c,${local}`,
            });
            expect(await environmentOf({ http_proxy: dead, no_proxy: "*" })).to.include({
                no_proxy: "*",
                NO_PROXY: "*",
            });
        });
    });

    describe("a call of Pulumi's protocol on this machine", () => {
        let plugin: Awaited<ReturnType<typeof serve>>;
        before(async () => (plugin = await serve("1.2.3")));
        after(() => plugin.stop());

        const call = () => {
            const caller = JSON.stringify(join(projectDirectory, "test", "unit", "local", "plugins", "caller.ts"));
            const script =
                `const { Caller } = require(${caller}); const caller = new Caller(${plugin.port});` +
                `caller.call("GetPluginInfo", {}).then(({ version }) => console.log(version)).finally(() => caller.close());`;
            return ["--import", "tsx", "-e", script];
        };

        for (const name of [...spellings, "grpc_proxy"]) {
            it(`goes straight where ${name} is set`, async () => {
                const result = await run([bootstrap, "node", ...call()], environment({ [name]: dead }));
                expect(result).to.deep.equal({ code: 0, output: "1.2.3\n" });
            });
        }

        it("goes straight where the user's own list of exceptions has blanks in it, or is an asterisk", async () => {
            for (const list of ["localhost, 127.0.0.1", "*"]) {
                const env = environment({ https_proxy: dead, no_proxy: list });
                expect(await run([bootstrap, "node", ...call()], env)).to.deep.equal({ code: 0, output: "1.2.3\n" });
            }
        });

        it("would not without a command's environment", async () => {
            const { code, output } = await run(call(), environment({ http_proxy: dead }));
            expect(code).to.equal(1);
            expect(output).to.contain("No connection established");
        });
    });

    describe("whether a server answers", () => {
        let server: Server;
        let url: string;
        before(async () => {
            server = createServer((_, response) => response.end()).listen(0, "127.0.0.1");
            await once(server, "listening");
            url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
        });
        after(() => server.close());

        let before_: NodeJS.ProcessEnv;
        beforeEach(() => {
            before_ = { ...process.env };
            for (const name of Object.keys(process.env).filter(isProxyVariable)) delete process.env[name];
        });
        afterEach(() => {
            for (const name of Object.keys(process.env).filter(isProxyVariable)) delete process.env[name];
            Object.assign(process.env, before_);
        });

        it("is asked where there is no proxy for HTTPS", async () => {
            process.env.http_proxy = dead;
            process.env.HTTPS_PROXY = "";
            expect(await doesAnswer(`${url}/direct`)).to.equal(true);
            expect(await doesAnswer(`${dead}/direct`)).to.equal(false);
        });

        for (const name of spellings.filter((spelling) => !/^http_/i.test(spelling))) {
            it(`is left to those that know ${name}`, async () => {
                process.env[name] = dead;
                expect(await doesAnswer(`${dead}/${name}`)).to.equal(true);
            });
        }
    });
});
