/**
 * What a reader of a sentence would not see, or not see where it is: control and format characters (line breaks, NUL, the
 * override of the direction among them), unassigned ones, and every blank but the space.
 */
const invisible = /(?! )[\p{C}\p{Z}\p{Default_Ignorable_Code_Point}]/gu;

/** Whether a text shows all that it holds. */
export function isPrintable(text: string): boolean {
    return text.search(invisible) === -1;
}

/** Most characters of a value that a sentence shows. */
const most = 100;

/** A value for a sentence, on one line: quoted as JSON does, what is invisible as \u…, and the rest of a long one as "…". */
export function quote(value: string): string {
    // A character is at most two units; so no more than these are taken apart, however long the value is.
    const characters = [...value.slice(0, 2 * most + 2)];
    const shown = characters.length > most ? `${characters.slice(0, most).join("")}…` : value;
    return JSON.stringify(shown).replace(invisible, escape);
}

function escape(character: string): string {
    return [...Array(character.length).keys()]
        .map((at) => `\\u${character.charCodeAt(at).toString(16).padStart(4, "0")}`)
        .join("");
}
