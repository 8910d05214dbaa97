import { expect } from "chai";
import { isAllowed, lintRules, parseRules, RuleSyntaxError } from "../../src/rules/index";

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
        ["a look-ahead", 'user.name matches "(?=a)b"', 19, /is no regular expression of RE2's \(.*\(\?=/],
        ["a back reference", 'user.name matches "(a)\\1"', 19, /is no regular expression of RE2's \(.*escape/],
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

    const parentheses = (depth: number) => `${"(".repeat(depth)}user.a = "1"${")".repeat(depth)}`;
    const tooMuch: [what: string, rule: string, column: number, reason: RegExp][] = [
        ["20,000 parentheses", parentheses(20_000), 102, /parentheses and "!" nest deeper than 100/],
        ["20,000 times !", `${"!".repeat(20_000)}user.a`, 102, /parentheses and "!" nest deeper than 100/],
        ["6,000 conditions", `${"user.a or ".repeat(6_000)}user.a`, 50_011, /more than 5,000 operators/],
        ["a long pattern", `user.a like "${"*a".repeat(501)}"`, 13, /the pattern has more than 1,000 characters/],
        ["a large pattern", 'user.a matches "(a{0,30}){0,30}{0,2}"', 16, /is no regular expression/],
        ["many instructions", `user.a matches "${"a{999}".repeat(3)}"`, 16, /it has more than 2,000 instructions/],
        ["a line of 64 KiB", `user.a = "${"x".repeat(65_536)}"`, 65_537, /it has more than 65,536 characters/],
    ];
    for (const [what, rule, column, reason] of tooMuch) {
        it(`refuses what would take long, with a sentence: ${what}`, () => {
            const error = syntaxError(`\n${rule}`);
            expect(error.message).to.match(reason);
            expect([error.line, error.column]).to.deep.equal([2, column]);
        });
    }

    it("refuses a file that is too long", () => {
        expect(syntaxError("\n".repeat(1024 * 1024 + 1)).message).to.match(
            /the file has more than 1,048,576 characters/,
        );
    });

    it("takes what is as deep and as long as may be, and it decides", () => {
        expect(parseRules(parentheses(100)).rules).to.have.length(1);
        const long = parseRules(`${"user.a or ".repeat(4_998)}user.b or resource.actions = "read"`);
        expect(isAllowed("read", {}, {}, long, parseRules(""))).to.equal(true);
        expect(lintRules(long, "deny")).to.be.an("array");
    });
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
