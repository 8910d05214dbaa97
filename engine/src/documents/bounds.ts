/** What a client may set in a document's properties, and what lists show of it. */
export const bounds = {
    /** Characters of a title. */
    title: 1_000,
    /** Characters of all properties, about as JSON has them. */
    properties: 1024 * 1024,
    /** Objects and lists inside each other. */
    depth: 64,
    /** Characters of a thumbnail in lists, about as JSON has them. A longer one is left out of lists. */
    thumbnail: 16 * 1024,
    /** Characters of all thumbnails in the list together, as JSON: 32 MiB of memory at most. Further ones are left out. */
    thumbnails: 16 * 1024 * 1024,
} as const;

/** Braces, quotes and what is no text. */
const punctuation = 4;

/** Which bound a JSON value is beyond, if one. It is looked at no further than to there. */
export function beyondBounds(value: unknown, characters: number, depth: number): "size" | "depth" | undefined {
    let size = 0;
    const look = (inside: unknown, levels: number): "size" | "depth" | undefined => {
        size += punctuation + (typeof inside === "string" ? inside.length : 0);
        if (size > characters) {
            return "size";
        }
        if (typeof inside !== "object" || inside === null) {
            return undefined;
        }
        if (levels === 0) {
            return "depth";
        }
        for (const [key, member] of Object.entries(inside)) {
            size += key.length;
            const beyond = look(member, levels - 1);
            if (beyond) {
                return beyond;
            }
        }
        return undefined;
    };
    return look(value, depth);
}
