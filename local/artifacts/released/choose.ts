import { recall, remember } from "./answers";
import { NotToBeHad } from "./fetch";
import type { Wish } from "./tools";

/** A part of the platform that can be had in both ways. */
export interface Part<T> {
    readonly name: string;
    /** What is asked for, with its version. */
    readonly question: string;
    /** Takes the released one; asks no network if it is there already. @throws {NotToBeHad} if it can't be fetched. */
    readonly released: () => Promise<T>;
    /** Builds it, if that was not done before. */
    readonly built: () => Promise<T>;
    /** What was taken, for people. */
    readonly describe: (value: T) => string;
}

/**
 * Takes a part in the way that is forced, or as the last time. If neither says anything, the released one where it is to be
 * had, else it is built.
 *
 * @throws {NotToBeHad} only if the released one is forced.
 */
export async function choose<T>(part: Part<T>, { tools, say }: Wish): Promise<T> {
    const { name, question, describe } = part;
    const last = tools === undefined ? recall(name, question) : undefined;
    let because = last?.because;
    if ((tools ?? last?.taken) !== "built") {
        try {
            const value = await part.released();
            remember(name, { question, taken: "released" });
            say(`${name}: ${describe(value)}`);
            return value;
        } catch (error) {
            if (!(error instanceof NotToBeHad)) throw error;
            if (tools === "released") throw new Error(`--tools=released: ${error.message}`);
            [because] = error.message.split("\n");
        }
    }
    const value = await part.built();
    remember(name, { question, taken: "built", because });
    say(`${name}: ${describe(value)}${because === undefined ? "" : ` (${because})`}`);
    return value;
}
