import { expect } from "chai";
import { lintRules, parseRules } from "../../src/rules/index";

const warningsOf = (rules: string, file: "allow" | "deny" = "deny") => lintRules(parseRules(rules), file);

describe("The rules' lint", () => {
    const older = 'resource.resourcetype = "App" and resource.actions = "read"';
    const newer = 'resource._resourcetype = "App" and resource._actions = "read"';

    describe("finds deny rules that a missing attribute switches off:", () => {
        const found: [condition: string, attribute: string, column?: number][] = [
            ['user.group = "guest"', "user.group"],
            ['user.group == "guest"', "user.group"],
            ['user.group = {"guest", "visitor"}', "user.group"],
            ['"guest" = user.group', "user.group", 11],
            ['user.group != ""', "user.group"],
            ['user.mail like "*@example.com"', "user.mail"],
            ['user.mail matches ".+@example.com"', "user.mail"],
            ["user.blocked", "user.blocked"],
            ["user.Custom.Blocked = true", "user.Custom.Blocked"],
            ['!(user.group = "")', "user.group", 3],
            ['!(user.group != "guest")', "user.group", 3],
            ['!!(user.group = "guest")', "user.group", 4],
            ["(!user.group.Empty() or user.blocked)", "user.group", 3],
            ['(user.group = "guest" or user.sub = "mallory")', "user.group", 2],
            ['user.sub = "mallory" and user.group = "guest"', "user.group", 26],
            ["user.department = resource.name", "user.department"],
            ['resource.description like "*secret*"', "resource.description"],
            ['resource.app.stream = "HR"', "resource.app.stream"],
            ['app.stream = "HR"', "app.stream"],
            ['user.group = "guest" and (user.sub = "x" or user.group.Empty())', "user.group"],
        ];
        for (const [condition, attribute, column = 1] of found) {
            it(condition, () => {
                for (const rest of [older, newer]) {
                    const [warning] = warningsOf(`# whom\n${condition} and ${rest}`);
                    expect(warning).to.include({ line: 2, column });
                    expect(warning?.message)
                        .to.include(` has no ${attribute}.`)
                        .and.to.include(`!(${attribute} = "…")`);
                }
            });
        }
    });

    describe("says nothing of deny rules that hold without it, or are about what is always there:", () => {
        const conditions = [
            '!(user.group = "staff")',
            '!(user.group = {"staff", "admin"})',
            'user.group != "staff"',
            'user.group = {"guest", ""}',
            '!(user.mail like "*@example.com")',
            "!user.isTrusted",
            "user.group.Empty()",
            '(user.group = "guest" or user.group.Empty())',
            '(user.group.Empty() or user.group = "guest")',
            '!(user.group != "guest" and !user.group.Empty())',
            '!user.group.Empty() and user.group = "guest"',
            "user.department != resource.name",
            'user.sub = "mallory"',
            'user.ID = "mallory" and USER.userDirectory = "Personal"',
            'resource.name = "Secret" and resource.owner = user.name',
            'resource.app.name = "Secret" and resource._objecttype = "variable"',
            "resource.IsOwned()",
            "user.IsAnonymous()",
            'resource.HasPrivilege("read")',
        ];
        for (const condition of conditions) {
            it(condition, () => {
                for (const rest of [older, newer]) {
                    expect(warningsOf(`${condition} and ${rest}`)).to.deep.equal([]);
                }
            });
        }
    });

    it("finds them behind the actions, too", () => {
        expect(warningsOf('resource.actions = "read" and user.group = "guest"')[0]).to.include({ line: 1, column: 31 });
        expect(warningsOf('resource.actions = "read" and !(user.group = "staff")')).to.deep.equal([]);
    });

    it("looks at each side of an or that names actions of its own", () => {
        const [warning, ...more] = warningsOf(
            '(user.group = "guest" and resource._actions = "read") or (user.sub = "x" and resource._actions = "delete")',
        );
        expect(warning).to.include({ line: 1, column: 2 });
        expect(more).to.deep.equal([]);
    });

    it("names each attribute once, in the order of the rules", () => {
        const warnings = warningsOf(
            `user.a = "1" and user.b = "2" and user.A = "3" and ${newer}\n${newer}\nuser.c and ${newer}`,
        );
        expect(warnings.map(({ line, column }) => [line, column])).to.deep.equal([
            [1, 1],
            [1, 18],
            [3, 1],
        ]);
    });

    it("finds actions that come from an attribute", () => {
        const [warning] = warningsOf('resource._resourcetype = "App" and resource._actions = user.withheld');
        expect(warning).to.deep.equal({
            line: 1,
            column: 56,
            message:
                "This deny rule is off for whoever has no user.withheld. " +
                'Name the actions themselves, as in resource._actions = "read".',
        });
    });

    it("finds rules of either file that name no actions, as with the misspelt _action", () => {
        for (const rule of [
            'resource._resourcetype = "App" and resource._action = "read"',
            'user.sub = "x"',
            '!(resource._actions = "read")',
        ]) {
            expect(warningsOf(rule, "deny")[0]?.message).to.match(
                /^This rule names no actions and so denies nothing\./,
            );
            expect(warningsOf(rule, "allow")[0]?.message).to.match(
                /^This rule names no actions and so grants nothing\./,
            );
        }
    });

    it("says nothing of allow rules that a missing attribute switches off: they grant less", () => {
        expect(warningsOf(`user.group = "guest" and ${newer}`, "allow")).to.deep.equal([]);
    });

    // Looking at each attribute with each of the actions took more than ten minutes.
    it("is done with a rule of a thousand attributes and actions, as a program may write one", function () {
        this.timeout(30_000);
        const parts = Array.from({ length: 1000 }, (_, index) => `(user.a${index} and resource._actions = "${index}")`);
        expect(warningsOf(parts.join(" or "))).to.have.length(1000);
    });
});
