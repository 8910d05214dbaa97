import { readFileSync, statSync } from "node:fs";
import { getSystemErrorMessage } from "node:util";
import * as z from "zod";
import { isPrintable } from "../characters";

/** What both files may have together: a ConfigMap takes 1 MiB, keys included. */
export const rulesRoom = 1_048_576 - "allow.txt".length - "deny.txt".length;

const textFile = z
    .string()
    .refine((path) => path !== "" && isPrintable(path), {
        error: "must be the path of a file, of printable characters",
        abort: true,
    })
    .transform((path, context) => {
        try {
            const status = statSync(path);
            // A device or a pipe could be read without end.
            if (!status.isFile()) {
                context.addIssue("must name a file, and no directory, device or pipe");
            } else if (status.size > rulesRoom) {
                context.addIssue(`must name a file of at most ${rulesRoom} bytes`);
            } else {
                return readFileSync(path);
            }
        } catch (error) {
            context.addIssue(`must name a file that can be read (${reasonOf(error)})`);
        }
        return z.NEVER;
    })
    .transform((bytes, context) => {
        try {
            // A byte order mark is a blank to the engine, and stays.
            return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true }).decode(bytes);
        } catch {
            context.addIssue("must name a text file in UTF-8");
            return z.NEVER;
        }
    })
    .refine((text) => !text.includes("\0"), { error: "must name a text file, without NUL", abort: true });

function reasonOf(error: unknown): string {
    const { errno, code } = error as NodeJS.ErrnoException;
    return errno === undefined ? String(code) : getSystemErrorMessage(errno);
}

/** What the engine's own parser takes for a line without a rule. All else of the language is left to it. */
const isRule = (line: string) => !/^\s*(#|\/\/|$)/.test(line);

/** The text of the file with the rules that grant. Without one, nobody may do anything. */
export const allowRules = textFile.refine((text) => text.split(/\r\n|\n|\r/).some(isRule), {
    error: "must name a file with a rule in it, not with blanks and comments only",
});

/** The text of the file with the rules that refuse. It may have none, and then a comment, which a file that was cut off has not. */
export const denyRules = textFile.refine((text) => text.trim() !== "", {
    error: "must name a file with a rule or a comment in it",
});
