import * as pulumi from "@pulumi/pulumi";
import { expect } from "chai";
import { installMocks, valueOf } from "../mocks";
import { accepted, refusal, refuses } from "./refusals";

const secret = "hunter2";

/** All three keys; a test changes one of them. */
const beside = [
    { dockerHubUsername: "someone", dockerHubEmail: "someone@example.com" },
    { dockerHubPassword: secret },
] as const;

describe("the login at Docker Hub", () => {
    before(installMocks);

    describe("has a Docker ID:", () => {
        refuses(
            "dockerHubUsername",
            "must be a Docker ID, of letters, digits, - and _ only",
            [
                ...[" ", "some one", " someone", "someone ", "someone\n", "some\rone", "some\tone", "some\0one"],
                ...["some:one", ":", "a:b"],
                ...["some.one", "some/one", "some@example.com", "-someone", "_someone", "sömeone", "{}", "$(id)"],
                ...["a", "a".repeat(256)],
                ...["some\\one", 'some"one', "some,one", "some+one", "some%one", "日本"],
            ],
            ...beside,
        );
    });

    describe("has an address:", () => {
        const texts = [
            ...[" ", "{}", "someone", "@", "someone@", "@example.com", "a@b@c", "some one@example.com"],
            ...["someone@exam ple.com"],
            ...[" a@b", "a@b ", "a@b\n", "a\n@b", "a@b\0", "a\t@b", "someone at example.com", "\r\n"],
        ];
        refuses("dockerHubEmail", "must be an e-mail address, as someone@example.com", texts, ...beside);
        const long = [`${"a".repeat(253)}@b`, `a@${"b".repeat(10_000)}`];
        refuses("dockerHubEmail", "must have at most 254 characters", long, ...beside);
    });

    it("has no control character in its password, which is not shown", () => {
        for (const password of ["hunter2\n", "hunter2\r\n", "hun\0ter2", "\x1b[2J", "hunter\x7f2", "hun\x85ter"]) {
            expect(refusal(beside[0], { dockerHubPassword: password })).to.equal(
                "dockerHubPassword must have no line break or other control character.",
            );
        }
    });

    it("is none, or all that was given", async () => {
        expect(accepted().dockerHub).to.equal(undefined);
        for (const username of ["me", "someone", "some-one_1", "Someone", "4you"]) {
            for (const email of ["someone@example.com", "a+b@localhost", "ü@bücher.example"]) {
                const { dockerHub } = accepted(
                    { dockerHubUsername: username, dockerHubEmail: email },
                    { dockerHubPassword: 'dckr_pat_"#: 1' },
                );
                expect(dockerHub).to.include({ username, email });
                expect(await pulumi.isSecret(dockerHub!.password)).to.equal(true);
                expect(await valueOf(dockerHub!.password)).to.equal('dckr_pat_"#: 1');
            }
        }
    });

    it("is all three keys, or none", () => {
        const [{ dockerHubUsername, dockerHubEmail }, password] = beside;
        const [user, email] = ['dockerHubUsername "someone"', 'dockerHubEmail "someone@example.com"'];
        for (const [values, secrets, sentence] of [
            [{ dockerHubUsername, dockerHubEmail }, {}, `${user} and ${email} are given without dockerHubPassword`],
            [{ dockerHubUsername }, password, `${user} and dockerHubPassword are given without dockerHubEmail`],
            [{ dockerHubEmail }, password, `dockerHubPassword and ${email} are given without dockerHubUsername`],
            [{}, password, "dockerHubPassword is given without dockerHubUsername and dockerHubEmail"],
            [{ dockerHubUsername }, {}, `${user} is given without dockerHubPassword and dockerHubEmail`],
            [{ dockerHubEmail }, {}, `${email} is given without dockerHubUsername and dockerHubPassword`],
        ] as const) {
            expect(refusal({ ...values }, { ...secrets })).to.equal(`${sentence}: give all, or none.`);
        }
    });
});
