const [quote, backslash, comma, colon] = [0x22, 0x5c, 0x2c, 0x3a];
const [openBrace, closeBrace, openBracket, closeBracket] = [0x7b, 0x7d, 0x5b, 0x5d];
/** Longer than any name that is looked for. */
const longestKey = 64;

/** A member's value as far as it was kept, in JSON. */
export interface ScannedMember {
    readonly json: Buffer;
    readonly isWhole: boolean;
}

/**
 * Finds some members of an object in JSON that comes in pieces, and keeps nothing else of it: neither how long the others are nor
 * how deep they nest costs memory. The JSON is taken for well formed.
 */
export class MemberScanner {
    readonly #found = new Map<string, ScannedMember>();
    /** Objects and lists that are open, and how many of them, from the outside, are on the way to a member that is looked for. */
    #depth = 0;
    #followed = 0;
    /** Names of the members that are being read, one for each object that is followed. */
    readonly #names: string[] = [];
    #expectsName = false;
    #inside: "name" | "text" | undefined;
    /** Whether the piece before ended with a backslash that takes the meaning from what comes next. */
    #isEscaped = false;
    #kept: { readonly pieces: Buffer[]; size: number; readonly most: number } | undefined;
    #keptFrom = 0;
    #isDone = false;

    /**
     * @param wanted paths like `content.owner`, each with the most bytes of its value that are kept
     * @param last the paths of the members that need not be read beyond
     */
    constructor(
        private readonly wanted: ReadonlyMap<string, number>,
        private readonly last: ReadonlySet<string>,
    ) {}

    /** Whether there is nothing more to be found. */
    get isDone(): boolean {
        return this.#isDone;
    }

    find(path: string): ScannedMember | undefined {
        return this.#found.get(path);
    }

    push(piece: Buffer): void {
        this.#keptFrom = 0;
        for (let at = 0; at < piece.length && !this.#isDone;) {
            at = this.#inside === undefined ? this.#step(piece, at) : this.#readText(piece, at);
        }
        this.#keep(piece, piece.length);
    }

    #step(piece: Buffer, at: number): number {
        switch (piece[at]) {
            case quote:
                this.#inside = this.#depth === this.#followed && this.#expectsName ? "name" : "text";
                if (this.#inside === "name") {
                    this.#names[this.#followed - 1] = "";
                }
                break;
            case openBrace:
                if (this.#depth === this.#followed && (this.#depth === 0 || this.#isOnTheWay())) {
                    this.#followed++;
                    this.#expectsName = true;
                }
                this.#depth++;
                break;
            case openBracket:
                this.#depth++;
                break;
            case colon:
                if (this.#depth === this.#followed) {
                    this.#beginMember(at + 1);
                }
                break;
            case comma:
                if (this.#depth === this.#followed) {
                    this.#endMember(piece, at);
                    this.#expectsName = true;
                }
                break;
            case closeBrace:
                if (this.#depth === this.#followed) {
                    this.#endMember(piece, at);
                    this.#followed--;
                    this.#names.length = this.#followed;
                }
                this.#depth--;
                break;
            case closeBracket:
                this.#depth--;
                break;
        }
        return at + 1;
    }

    /** @returns where it goes on, behind the text or at the piece's end */
    #readText(piece: Buffer, from: number): number {
        for (let search = from; ;) {
            const found = piece.indexOf(quote, search);
            const end = found < 0 ? piece.length : found;
            let before = end;
            while (before > from && piece[before - 1] === backslash) {
                before--;
            }
            const backslashes = end - before + (before === from && this.#isEscaped ? 1 : 0);
            if (found >= 0 && backslashes % 2 === 1) {
                search = found + 1;
                continue;
            }
            this.#isEscaped = found < 0 && backslashes % 2 === 1;
            if (this.#inside === "name") {
                const name = this.#names[this.#followed - 1] ?? "";
                this.#names[this.#followed - 1] = (name + piece.toString("latin1", from, end)).slice(0, longestKey);
            }
            if (found < 0) {
                return end;
            }
            this.#expectsName &&= this.#inside !== "name";
            this.#inside = undefined;
            return end + 1;
        }
    }

    #isOnTheWay(): boolean {
        const prefix = `${this.#names.join(".")}.`;
        return [...this.wanted.keys()].some((path) => path.startsWith(prefix));
    }

    #beginMember(at: number): void {
        const most = this.wanted.get(this.#names.join("."));
        if (most !== undefined) {
            this.#kept = { pieces: [], size: 0, most };
            this.#keptFrom = at;
        }
    }

    #endMember(piece: Buffer, at: number): void {
        const path = this.#names.join(".");
        this.#keep(piece, at);
        if (this.#kept) {
            const { pieces, size, most } = this.#kept;
            this.#found.set(path, { json: Buffer.concat(pieces), isWhole: size <= most });
            this.#kept = undefined;
        }
        this.#isDone ||= this.last.has(path);
    }

    /** Copies, since pieces may lie in one buffer after the other. */
    #keep(piece: Buffer, end: number): void {
        if (this.#kept) {
            const { pieces, size, most } = this.#kept;
            pieces.push(
                Buffer.from(piece.subarray(this.#keptFrom, Math.min(end, this.#keptFrom + Math.max(most - size, 0)))),
            );
            this.#kept.size += end - this.#keptFrom;
        }
    }
}
