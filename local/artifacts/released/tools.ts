/** The two ways to a part: what its project released, fetched from where that publishes; or built here from packages. */
export type Tools = "released" | "built";

/** What a start goes by where it has the choice. */
export interface Wish {
    /** The way that the user has forced. Without it, the one that was taken last, or released ones where they are to be had. */
    readonly tools?: Tools;
    /** Hears in one line what was taken of each part. */
    readonly say: (line: string) => void;
}

/** For the help of the commands that take it. */
export const toolsUsage = `--tools=released    the released Pulumi CLI, plugins and images, or an error that says what could not be fetched
--tools=built       all built here, from packages of Go, npm and Debian
Without it: what was taken last time. The first time: what can be fetched, and the rest is built.`;

/** Reads the value of `--tools`. @throws in a sentence if it is none. */
export function parseTools(text: string): Tools {
    if (text === "released" || text === "built") return text;
    throw new Error(`--tools must be released or built, not ${JSON.stringify(text)}.`);
}
