/** What a rules file may ask for. Beyond it the file is refused with a sentence that names line and bound. */
export const limits = {
    /** Characters of a file; a ConfigMap holds no more either. */
    text: 1024 * 1024,
    /** Characters of a rule. */
    rule: 65_536,
    /** Parentheses and `!` inside each other. */
    nesting: 100,
    /** Each `and`, `or`, `!` and parenthesis of a rule. */
    operators: 5_000,
    /** Characters of a pattern of `like` or `matches`. */
    pattern: 1_000,
    /** Instructions that a pattern of `matches` becomes, of which each may be looked at for each character of a text. */
    program: 2_000,
} as const;

/** A bound as it is written in a sentence. */
export function shown(bound: number): string {
    return bound.toLocaleString("en-US");
}
