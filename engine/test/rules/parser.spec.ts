import { expect } from "chai";
import { parseRules, RuleSyntaxError } from "../../src/rules/index";

describe("Reading rules", () => {
    it("takes one rule a line and leaves out comments and blank lines", () => {
        const { rules } = parseRules(
            [
                "# all of it",
                "",
                'resource.actions = "*"   # for everyone',
                "   // nothing here",
                'user.sub = "a#b//c" and resource._actions = {"read"} // not in quotes',
            ].join("\r\n"),
        );
        expect(rules.map(({ line }) => line)).to.deep.equal([3, 5]);
    });

    it("finds no rule in an empty file", () => {
        expect(parseRules("").rules).to.be.empty;
    });

    it("leaves out a byte order mark", () => {
        expect(parseRules('\uFEFFresource.actions = "*"').rules).to.have.length(1);
    });

    const wrong: [what: string, rule: string, column: number, reason: RegExp][] = [
        ["a missing operand", "user.name = ", 12, /expected a value.*found the end of the line/],
        ["an operator as operand", 'user.name = and user.sub = "x"', 13, /expected a value.*found "and"/],
        ["an open quote", 'user.name = "me', 13, /"me has no closing quote/],
        ["an open parenthesis", '(user.name = "me"', 18, /expected "\)", found the end of the line/],
        ["an open list", 'user.name = {"me"', 18, /expected "}"/],
        ["an empty list", "resource.actions = {}", 21, /expected a value in the list, found "}"/],
        ["two rules on one line", 'user.a = "1" user.b = "2"', 14, /expected "and", "or".*found "user.b"/],
        ["an unknown subject", 'request.ip = "1"', 1, /"request.ip" is neither an attribute of "resource" nor/],
        ["a subject alone", 'user = "me"', 1, /"user" needs an attribute/],
        ["an unknown function", 'resource.HasPrivlege("read")', 1, /"resource.HasPrivlege" is no function/],
        ["a function of the other subject", "resource.IsAnonymous()", 1, /"resource.IsAnonymous" is no function/],
        ["a function without its parameter", "resource.HasPrivilege()", 23, /expected an action in quotes, found "\)"/],
        ["actions that are compared", 'resource.actions != "read"', 1, /"resource.actions" can only be used with "="/],
        ["actions without a value", "resource._actions", 1, /"resource._actions" can only be used with "="/],
        ["actions on the right", "user.name = resource.actions", 13, /cannot stand to the right/],
        ["a text alone", '"read"', 7, /expected a comparison after "read"/],
        ["a pattern that is no text", "user.name like user.sub", 16, /the pattern must be a text in quotes/],
        ["a wrong regular expression", 'user.name matches "("', 19, /"\(" is no regular expression/],
        ["a character of no meaning", "user.name ; user.sub", 11, /";" is not part of a rule/],
    ];
    for (const [what, rule, column, reason] of wrong) {
        it(`names line, column and text of ${what}`, () => {
            const error = syntaxError(`# first line\n${rule}`);
            expect(error.message).to.match(reason);
            expect(error.message).to.match(new RegExp(`^Rule in line 2, column ${column}: .*\\.$`));
            expect([error.line, error.column]).to.deep.equal([2, column]);
        });
    }
});

function syntaxError(text: string): RuleSyntaxError {
    try {
        parseRules(text);
    } catch (error) {
        expect(error).to.be.instanceOf(RuleSyntaxError);
        return error as RuleSyntaxError;
    }
    throw new Error(`Expected a RuleSyntaxError for ${text}`);
}
