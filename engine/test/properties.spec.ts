import { expect } from "chai";
import fc from "fast-check";
import { isAllowed, lintRules, parseRules, RuleSyntaxError } from "../src/rules/index";
import { checkSyntax, runScript, ScriptError } from "../src/script/index";
import { compileWildcard } from "../src/wildcard";
import { longestTurnDuring } from "./script/turns";

/** A failed run prints its seed. */
const runs = { numRuns: 300 };
const longestTurn = 1_000;

/** Text of a language's own words, and of anything else, in any order. */
function textOf(words: readonly string[]): fc.Arbitrary<string> {
    const word = fc.oneof(
        { weight: 8, arbitrary: fc.constantFrom(...words) },
        { weight: 1, arbitrary: fc.string({ unit: "binary", maxLength: 8 }) },
    );
    const times = fc.tuple(word, fc.constantFrom(1, 1, 1, 1, 2, 300, 3_000)).map(([text, count]) => text.repeat(count));
    return fc.array(times, { maxLength: 40 }).map((parts) => parts.join(""));
}

const scriptWords = [
    ...[
        "LOAD ",
        "SET ",
        "LET ",
        " AS ",
        " AUTOGENERATE ",
        " RESIDENT ",
        " INLINE ",
        " WHERE ",
        " WHILE ",
        "REM ",
        "COMMENT FIELD ",
    ],
    ...[
        " like ",
        " and ",
        " not ",
        " & ",
        "+",
        "-",
        "*",
        "/",
        "=",
        "<",
        "(",
        ")",
        ",",
        ";",
        ";\n",
        ":",
        "$(",
        "$(a)",
        "$(=",
    ],
    ...[
        "a",
        "T",
        "1",
        "2.5",
        "1e9",
        "1e300",
        "'",
        '"',
        "[",
        "]",
        "'x'",
        "'*a*'",
        "[a,b\n1,2]",
        "//",
        "/*",
        "*/",
        "\n",
        " ",
        "😀",
        "ß",
    ],
    ...["repeat(", "upper(", "wildmatch(", "if(", "RecNo()", "repeat('a',99999)", "repeat('*a',9999)", "T: ", "a = "],
    ...["LOAD 1 AS a AUTOGENERATE 9;", "LET a = a & a;", "LOAD * RESIDENT T;", "SET a = $(a)$(a);", "LOAD *;"],
];
const ruleWords = [
    ...[
        "resource.name",
        "user.sub",
        "resource.actions",
        "user.a",
        "app.name",
        "resource.HasPrivilege(",
        "user.IsAnonymous()",
    ],
    ...[
        " = ",
        " != ",
        " like ",
        " matches ",
        " and ",
        " or ",
        "!",
        "(",
        ")",
        "{",
        "}",
        ",",
        '"',
        "\\",
        "#",
        "//",
        "\n",
        "1",
        "true",
    ],
    ...['"a*"', '"(a+)+b"', '"[a-z]+"', '"(?=a)"', '"*"', '"read"', "resource.Empty()", ".Empty()"],
];
const patternWords = [
    "a",
    "b",
    "(",
    ")",
    "[",
    "]",
    "|",
    "*",
    "+",
    "?",
    "{9}",
    "{1,99}",
    "\\w",
    "\\d",
    ".",
    "^",
    "$",
    "(?i)",
    "\\",
    "-",
];

describe("Whatever text", function () {
    this.timeout(120_000);

    it("is run as a script, it ends with data or with the script's own error, or as soon as it is told to", async () => {
        const property = fc.asyncProperty(textOf(scriptWords), async (script) => {
            const cancelled = new Error("cancelled");
            const abort = new AbortController();
            const timer = setTimeout(() => abort.abort(cancelled), 200);
            const { result, longest } = await longestTurnDuring(() =>
                runScript(script, { progress: () => undefined, signal: abort.signal }).catch((error: unknown) => error),
            );
            clearTimeout(timer);
            if (result instanceof Error && result !== cancelled) {
                expect(result).to.be.instanceOf(ScriptError);
            }
            expect(longest).to.be.lessThan(longestTurn);
        });
        await fc.assert(property, runs);
    });

    it("is checked as a script, it is told what is wrong with it and where", async () => {
        const property = fc.asyncProperty(textOf(scriptWords), async (script) => {
            const { result, longest } = await longestTurnDuring(() => checkSyntax(script));
            for (const { position } of result) {
                expect(position).to.be.within(0, script.length);
            }
            expect(longest).to.be.lessThan(longestTurn);
        });
        await fc.assert(property, runs);
    });

    it("is read as rules, it is rules or a sentence with line and column; and rules decide", () => {
        const property = fc.property(textOf(ruleWords), fc.string({ maxLength: 1_000 }), (text, name) => {
            try {
                const rules = parseRules(text);
                lintRules(rules, "deny");
                expect(isAllowed("read", { resourcetype: "App", name }, { sub: name }, rules, rules)).to.equal(false);
            } catch (error) {
                expect(error).to.be.instanceOf(RuleSyntaxError);
            }
        });
        fc.assert(property, runs);
    });

    it("is a pattern of matches, it is one or a sentence, and is told in no time from a title", () => {
        const property = fc.property(
            textOf(patternWords),
            fc.string({ unit: fc.constantFrom("a", "b", "1") }),
            (text, end) => {
                const pattern = text.slice(0, 1_000).replaceAll('"', "");
                const name = "a".repeat(990 - end.length) + end;
                const started = performance.now();
                try {
                    const rules = parseRules(`resource.name matches "${pattern}" and resource.actions = "read"`);
                    isAllowed("read", { resourcetype: "App", name }, {}, rules, parseRules(""));
                } catch (error) {
                    expect(error).to.be.instanceOf(RuleSyntaxError);
                }
                expect(performance.now() - started).to.be.lessThan(longestTurn);
            },
        );
        fc.assert(property, runs);
    });

    it("is a wildcard pattern, it says what a regular expression says, in length times length comparisons", () => {
        const few = (...characters: string[]) => fc.string({ unit: fc.constantFrom(...characters), maxLength: 12 });
        const property = fc.property(few("a", "B", "*", "?", "."), few("a", "b", "A", ".", "😀"), (pattern, text) => {
            const source = pattern.replace(/[*?.]/g, (character) =>
                character === "." ? "\\." : character === "*" ? ".*" : ".",
            );
            let comparisons = 0;
            expect(compileWildcard(pattern)(text, (more) => (comparisons += more))).to.equal(
                new RegExp(`^${source}$`, "isu").test(text),
            );
            expect(comparisons).to.be.at.most((pattern.length + 1) * (text.length + 1));
        });
        fc.assert(property, { numRuns: 3_000 });
    });
});
