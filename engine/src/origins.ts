/** Characters of an origin that a refusal tells: a header may have thousands. */
const longestOrigin = 256;

/** Says whether a web page may connect. A browser names the page's origin on every upgrade; other clients name none. */
export class Origins {
    readonly #allowed: ReadonlySet<string>;

    /** @param allowed origins as browsers write them, such as https://example.com. */
    constructor(allowed: readonly string[]) {
        this.#allowed = new Set(allowed);
    }

    /** @returns the sentence that refuses the page, undefined if there is none or if it may connect. */
    refusal(origin: string | undefined): string | undefined {
        if (origin === undefined || this.#allowed.has(origin)) {
            return undefined;
        }
        const told = origin.length > longestOrigin ? `${origin.slice(0, longestOrigin)}…` : origin;
        return `Web pages of the origin ${JSON.stringify(told)} may not connect: the flag AllowedOrigins lists those that may.`;
    }
}
