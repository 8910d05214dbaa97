/** A rule that cannot be read. The message is one sentence with line, column (both from 1) and the offending text. */
export class RuleSyntaxError extends Error {
    override readonly name = "RuleSyntaxError";

    constructor(
        reason: string,
        readonly line: number,
        readonly column: number,
    ) {
        super(`Rule in line ${line}, column ${column}: ${reason}.`);
    }
}
