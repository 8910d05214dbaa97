import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { installMocks, valueOf } from "../mocks";
import { accepted, refusal, refuses } from "./refusals";

const secret = "hunter2";
const plain = "must be letters, digits and . _ ~ ! @ % ^ * + = - only";

describe("the broker's login", () => {
    before(installMocks);

    describe("has a name without what the broker's configuration would read otherwise:", () => {
        const beside = [{}, { brokerPassword: secret }] as const;
        refuses(
            "brokerUsername",
            plain,
            [
                ...[" ", "a b", " a", "a ", "a\nb", "a\r", "a\tb", "a\0b", "a#b", "a'b", 'a"b', "a\\b", "a/b"],
                ...["a:b", "a,b", "a;b", "a$b"],
                ...["a(b", "a)b", "a[b", "a{b", "a<b", "a>b", "a|b", "a&b", "a`b", "a?b", "ä", "日本", "$(id)", "{}"],
                ...["[]", "a=b # c"],
                "sync\nlog.console = false",
                "sync\r\nloopback_users = none",
            ],
            ...beside,
        );
        refuses(
            "brokerUsername",
            "must begin with a letter or a digit",
            [
                ...["=", "-", ".", "_", "~", "!", "@", "%", "^", "*", "+"],
                "=sync",
                "-sync",
                ".sync",
                "_sync",
                "@sync",
                "%sync%",
            ],
            ...beside,
        );
        refuses(
            "brokerUsername",
            "must have at most 255 characters",
            ["a".repeat(256), "a".repeat(100_000)],
            ...beside,
        );
        refuses(
            "brokerUsername",
            "must be another name, since the broker keeps guest off the network unless brokerLogin is guest",
            ["guest", "Guest", "GUEST", "gUeSt"],
            ...beside,
        );
    });

    it("has no control character, blank, quote or comment in its password, which is not shown", () => {
        for (const brokerPassword of [
            "hunter 2",
            "hunter2\n",
            "hunter#2",
            'hunter"2',
            "hunter\\2",
            "hünter2",
            "\0",
            " ",
        ]) {
            expect(refusal({ brokerUsername: "sync" }, { brokerPassword })).to.equal(`brokerPassword ${plain}.`);
        }
    });

    it("is made at random, or guest, or given", async () => {
        expect(accepted().brokerLogin).to.deep.equal({ kind: "random" });
        expect(accepted({ brokerLogin: "guest" }).brokerLogin).to.deep.equal({ kind: "guest" });
        for (const username of ["s", "sync", "Sync.1_~!@%^*+=-", "9", "guests", "a".repeat(255)]) {
            const login = accepted({ brokerUsername: username }, { brokerPassword: secret }).brokerLogin;
            if (login.kind !== "given") throw new Error(`it is ${login.kind}`);
            expect(login.username).to.equal(username);
            expect(await pulumi.isSecret(login.password)).to.equal(true);
            expect(await valueOf(login.password)).to.equal(secret);
        }
    });

    it("is of a kind that there is", () => {
        for (const kind of ["", "none", "Guest", "RANDOM", "given", "random ", "guest\n", "plain"]) {
            expect(refusal({ brokerLogin: kind })).to.equal(
                `brokerLogin must be random or guest, and is ${JSON.stringify(kind)}.`,
            );
        }
    });

    it("is a name and a password, or neither", () => {
        expect(refusal({ brokerUsername: "sync" })).to.equal(
            'brokerUsername "sync" is given without brokerPassword: give both, or none.',
        );
        expect(refusal({}, { brokerPassword: secret })).to.equal(
            "brokerPassword is given without brokerUsername: give both, or none.",
        );
        expect(refusal({ brokerUsername: "a b" })).to.equal(
            `brokerUsername ${plain}, and is "a b".\n` +
                'brokerUsername "a b" is given without brokerPassword: give both, or none.',
        );
    });

    it("leaves no room for either where it is guest", () => {
        const start = "brokerLogin is guest, which leaves no room for";
        expect(refusal({ brokerLogin: "guest", brokerUsername: "sync" })).to.equal(
            `${start} brokerUsername "sync": unset it, or brokerLogin.`,
        );
        expect(refusal({ brokerLogin: "guest" }, { brokerPassword: secret })).to.equal(
            `${start} brokerPassword: unset it, or brokerLogin.`,
        );
        expect(refusal({ brokerLogin: "guest", brokerUsername: "sync" }, { brokerPassword: secret })).to.equal(
            `${start} brokerUsername "sync" and brokerPassword: unset them, or brokerLogin.`,
        );
    });
});
