import { closestMatch } from "leven";

/** What people write in another way: the case of letters, and what is between words. */
const plain = (name: string) => name.toLowerCase().replace(/[-_. ]/g, "");

/**
 * The one of the known names that a misspelt one is nearest to, by the number of letters to change.
 *
 * @returns nothing, if more than a third of the letters, or more than four, would have to be changed.
 */
export function neighbourOf(misspelt: string, known: readonly string[]): string | undefined {
    const name = plain(misspelt);
    const nearest = closestMatch(name, known.map(plain), { maxDistance: Math.min(4, Math.floor(name.length / 3)) });
    return known.find((one) => plain(one) === nearest);
}
