import { expect } from "chai";
import { installMocks } from "../mocks";
import { accepted, refuses, takes } from "./refusals";

const says = "must be the name of an image, as registry.example.com/engine:1.0";
const hexadecimal = "0123456789abcdef".repeat(4);
const digest = `sha256:${hexadecimal}`;

describe("engineImage", () => {
    describe("has a name of the grammar:", () => {
        refuses("engineImage", says, [
            ...["", " ", "a b", " engine", "engine ", "/", "/engine", "engine/", "a//b", "a/b/", ".", "..", "-"],
            ...["_", "~"],
            ...["https://example.com/engine", "docker://engine", "Engine", "example.com/Engine:1", "a/B", "ENGINE"],
            ...["engine_", "_engine", "-engine", "engine-", ".engine", "engine.", "a..b", "a___b", "a._b", "a-_b"],
            ...["a@b"],
            ...["a/../b", "./engine", "../engine", "a/./b", "{}", "$(id)", "`id`", "a;b", 'a"b', "a\\b", "a,b", "ä/b"],
            ...[";", "*", "engine?", "engine#1", "engine%20", "a+b", "a=b", "<engine>", "engine\n", "engine\0"],
            ["\u202eengine", '"\\u202eengine"'],
            ["engine\u200b:1", '"engine\\u200b:1"'],
            // An image's id, which is no name.
            hexadecimal,
        ]);
    });

    describe("has a host that can be one:", () => {
        refuses("engineImage", says, [
            ...["..../x", "a..b/x", ".example.com/x", "example.com./x", "-x.example.com/a", "x-.example.com/a"],
            ...["x.-example.com/a", "exa_mple.com/x", "exam ple.com/x", "https:/x", "user@example.com/x"],
            ...["example,com/x"],
            ...["[::1/x", "::1/x", "[]/x", "[::1]x/y", "[::g]:5000/x", "[1.2.3.4]/x", "::1:5000/x"],
            `${"a".repeat(64)}.example.com/x`,
            `${"a.".repeat(126)}aa/x`,
        ]);
    });

    describe("has a port that can be one:", () => {
        const ports = ["0", "00000", "65536", "99999", "99999999", "-1", "a", "", "5000a", "0x50", "50 00", "1e3"];
        refuses("engineImage", says, [
            ...ports.flatMap((port) => [`localhost:${port}/x`, `registry.example.com:${port}/x`]),
            "localhost:5000:5000/x",
        ]);
    });

    describe("is no longer than registries take:", () => {
        const name = (length: number) => `a/${"b".repeat(length - 2)}`;
        refuses("engineImage", says, [name(256), `${name(256)}:1`, `example.com/${"a".repeat(300)}`, name(100_000)]);
        takes("engineImage", [name(255), `${name(255)}:${"1".repeat(128)}@sha512:${"0".repeat(128)}`]);
    });

    describe("has a tag and a digest that can be ones:", () => {
        refuses("engineImage", says, [
            ...["engine:", "engine:1:2", "engine:.1", "engine:-1", "engine: 1", "engine:1 ", "engine:ä", "engine:a/b:"],
            ...["engine:1+2", "engine:$x", "engine:{}", "engine:latest:", ":1", ":latest", "@", "engine@"],
            ...["engine@sha256"],
            `engine:${"1".repeat(129)}`,
            ...["engine@sha256:", "engine@sha256:abc", `@${digest}`, "engine@latest", "engine@md5:0123456789abcdef"],
            ...[digest.slice(0, -1), `${digest}0`, digest.toUpperCase(), digest.replace("f", "g")].map(
                (text) => `engine@${text}`,
            ),
            ...[`sha512:${"0".repeat(64)}`, `sha1:${"0".repeat(40)}`, `${digest}@${digest}`, `${digest}:1`].map(
                (text) => `engine@${text}`,
            ),
        ]);
    });

    describe("takes", () => {
        takes("engineImage", [
            ...["rabbitmq", "localhost/document-sync/engine:dev", "localhost:5000", "localhost:5000/x"],
            ...["library/engine"],
            "registry.example.com:5000/a/b_c__d-e.f:1.0_RC-1",
            `qlikcore/engine@${digest}`,
            `192.0.2.1:5000/engine:12.160.0@${digest}`,
            ...["[2001:db8::1]:5000/engine:1", "[::1]/engine", "Registry/engine", "EXAMPLE.com/engine:_1", "a---b/c:1"],
            ...["registry.example.com:65535/x", "registry.example.com:1/x", `engine@sha512:${"a".repeat(128)}`],
            ...["engine:v1.2-x_y"],
            ...[`${"a".repeat(63)}.example.com/x`, `${hexadecimal}:1`, "1/2/3/4:5"],
        ]);
    });

    describe("is given to the engines", () => {
        before(installMocks);
        it("as it is", () => {
            expect(accepted({ engineImage: `a/b:1@${digest}` }).engineImage).to.equal(`a/b:1@${digest}`);
        });
    });
});
