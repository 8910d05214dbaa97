import { expect } from "chai";
import { readFileSync } from "node:fs";
import { lexer, type Token, type Tokens } from "marked";
import { listFiles } from "../machine/documentation/commands";

/** What is read as prose: paragraphs and items of lists, not headings, tables and code. What is in backticks is one word. */
function paragraphsOf(tokens: readonly Token[]): string[] {
    return tokens.flatMap((token): string[] => {
        if (token.type === "list") return (token as Tokens.List).items.flatMap(({ tokens: own }) => paragraphsOf(own));
        if (token.type === "blockquote") return paragraphsOf((token as Tokens.Blockquote).tokens);
        if (token.type !== "paragraph" && token.type !== "text") return [];
        return [textOf((token as Tokens.Paragraph).tokens ?? [token])];
    });
}

function textOf(tokens: readonly Token[]): string {
    return tokens
        .map((token) => {
            if (token.type === "codespan") return "code";
            if (token.type === "image" || token.type === "html") return "";
            const { tokens: own, text } = token as { tokens?: Token[]; text?: string };
            return own ? textOf(own) : (text ?? "");
        })
        .join("");
}

const wordsOf = (text: string) => text.split(/\s+/).filter((word) => /\p{L}|\d/u.test(word));

/** Sentences, each as its words. */
export function readSentences(markdown: string): string[][] {
    return paragraphsOf(lexer(markdown))
        .flatMap((paragraph) => paragraph.split(/(?<=[.!?])[)"*]*\s+/))
        .map(wordsOf)
        .filter((words) => words.length > 0);
}

describe("the prose of a page", () => {
    it("is counted in sentences: items, code and links are what they are to a reader", () => {
        const text =
            "# A heading\n\nOne two `npm run x`. [Four five](six.md)!\n\n- seven\n- eight: nine\n\n```sh\nnpm start\n```\n";
        expect(readSentences(text)).to.deep.equal([
            ["One", "two", "code."],
            ["Four", "five!"],
            ["seven"],
            ["eight:", "nine"],
        ]);
    });

    for (const page of listFiles("*.md", ":!.github", ":!CHANGELOG.md")) {
        it(`has at most 18 words a sentence: ${page}`, () => {
            const sentences = readSentences(readFileSync(page, "utf8"));
            const words = sentences.reduce((sum, sentence) => sum + sentence.length, 0);
            const longest = [...sentences].sort((a, b) => b.length - a.length)[0]?.join(" ");
            expect(words / sentences.length, `The longest: ${longest}\n`).to.be.at.most(18);
        });
    }
});
