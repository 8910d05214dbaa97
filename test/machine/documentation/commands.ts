import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { lexer, type Token } from "marked";
import { isScalar, parseDocument, visit } from "yaml";
import { projectDirectory } from "../../../local/machine/paths";

/** A command that the documentation tells its readers to type. */
export interface Command {
    /** As one line, without its comment. */
    readonly text: string;
    /** Where it is written, as `README.md:33`. */
    readonly place: string;
}

/** The commands that the documentation has, in its order. */
export interface Commands {
    /** One ```sh block each. */
    readonly blocks: readonly (readonly Command[])[];
    /** In the middle of a sentence. */
    readonly inline: readonly Command[];
}

const programs =
    "buildah cp docker echo git go install kind kubectl minikube mkdir node npm npx podman pulumi rm".split(" ");

/** A program with something after it; alone, its name is no command. */
function isCommand(text: string): boolean {
    const [, program] = /^(?:[A-Z_]\w*=\S+ )*(\S+) \S/.exec(text) ?? [];
    return programs.includes(program);
}

const withoutComment = (line: string) => line.replace(/(?:^|\s+)#(?:\s.*)?$/, "").trim();

/** The files that git keeps, and those that it would keep if they were added. @param patterns as git's, as `*.md`. */
export function listFiles(...patterns: string[]): string[] {
    const { status, stdout, stderr } = spawnSync(
        "git",
        ["ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", ...patterns],
        { cwd: projectDirectory, encoding: "utf8" },
    );
    if (status !== 0) throw new Error(`git ls-files failed: ${stderr}`);
    return stdout.split("\0").filter(Boolean);
}

/** All tokens in the order in which they are written, those in tables and lists too. */
function flatten(tokens: readonly Token[]): Token[] {
    return tokens.flatMap((token): Token[] => {
        if (token.type === "table") {
            const { header, rows } = token as { header: { tokens: Token[] }[]; rows: { tokens: Token[] }[][] };
            return [header, ...rows].flat().flatMap((cell) => flatten(cell.tokens));
        }
        if (token.type === "list") {
            const { items } = token as { items: Token[] };
            return items.flatMap((item) => flatten((item as { tokens: Token[] }).tokens));
        }
        const { tokens: inner } = token as { tokens?: Token[] };
        return inner ? flatten(inner) : [token];
    });
}

/**
 * @param firstLine number of the text's first line in the file.
 * @throws if a command is in a block that is not marked as `sh`.
 */
export function readMarkdown(page: string, source: string, firstLine = 1): Commands {
    const blocks: Command[][] = [];
    const inline: Command[] = [];
    // What is in a comment is read by whoever edits the page.
    const text = source.replace(/<!--|-->/g, "");
    let position = 0;
    for (const token of flatten(lexer(text))) {
        if (token.type !== "code" && token.type !== "codespan") continue;
        // The first line alone: the others lose their indentation in a list.
        const found = text.indexOf(token.raw.trimStart().split("\n", 1)[0], position);
        if (found < 0) throw new Error(`${page}: where is ${token.raw}?`);
        position = found + 1;
        const line = firstLine + text.slice(0, found).split("\n").length - 1;
        const content = (token as { text: string }).text;
        if (token.type === "codespan") {
            const command = content.replace(/\s+/g, " ");
            if (isCommand(command)) inline.push({ text: command, place: `${page}:${line}` });
            continue;
        }
        position = found + token.raw.trim().length;
        const { lang } = token as { lang?: string };
        const commands = readLines(content, page, lang === undefined ? line : line + 1);
        if (lang === "sh") blocks.push(commands);
        else {
            const stray = commands.find((command) => isCommand(command.text));
            if (stray) throw new Error(`${stray.place}: a command, in a block that is not marked as sh`);
        }
    }
    return { blocks, inline };
}

function readLines(content: string, page: string, firstLine: number): Command[] {
    const commands: Command[] = [];
    let begun: Command | undefined;
    content.split("\n").forEach((written, index) => {
        const line = withoutComment(written);
        const isContinued = line.endsWith("\\");
        const own = (isContinued ? line.slice(0, -1) : line).trim();
        begun = begun
            ? { ...begun, text: `${begun.text} ${own}` }
            : { text: own, place: `${page}:${firstLine + index}` };
        if (isContinued) return;
        if (begun.text !== "") commands.push(begun);
        begun = undefined;
    });
    return commands;
}

/** The texts of a form for issues, which are Markdown. */
function readForm(page: string, source: string): Commands[] {
    const texts: Commands[] = [];
    visit(parseDocument(source), {
        Scalar(_, node) {
            if (!isScalar(node) || typeof node.value !== "string") return;
            const line = source.slice(0, node.range?.[0]).split("\n").length;
            texts.push(readMarkdown(page, node.value, line));
        },
    });
    return texts;
}

/** Every command of every page of the project. */
export function readCommands(): Commands {
    const read = (page: string) => readFileSync(join(projectDirectory, page), "utf8");
    const pages = [
        ...listFiles("*.md").map((page) => readMarkdown(page, read(page))),
        ...listFiles(".github/ISSUE_TEMPLATE/*.yml").flatMap((page) => readForm(page, read(page))),
    ];
    return { blocks: pages.flatMap(({ blocks }) => blocks), inline: pages.flatMap(({ inline }) => inline) };
}
