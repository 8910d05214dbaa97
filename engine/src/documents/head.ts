import { beyondBounds, bounds } from "./bounds";
import type { DocumentContent } from "./format";
import { MemberScanner, type ScannedMember } from "./memberScanner";

/** What lists show of a document. It is small, whatever the document is. Times are ISO 8601 in UTC. */
export interface DocumentHead {
    readonly owner: string;
    readonly modified: string;
    /** Empty until the first successful reload. */
    readonly lastReloadTime: string;
    readonly title: string;
    /** QIX's `qThumbnail`; empty if it is too large for lists. */
    readonly thumbnail: unknown;
}

/** A head in the list. */
export interface ListedHead extends Omit<DocumentHead, "thumbnail"> {
    /** As JSON: small objects take 20 times as much memory as what they are written in. */
    readonly thumbnail: string;
}

/** JSON of an empty thumbnail, or of one that was left out. */
export const noThumbnail = "{}";

export function toListedHead({ thumbnail, ...head }: DocumentHead): ListedHead {
    const json = JSON.stringify(thumbnail);
    return { ...head, thumbnail: json.length > bounds.thumbnail ? noThumbnail : json };
}

/** The document's name. Clients may set any properties, but those that list documents expect a text, and a short one. */
export function titleOf({ qTitle }: DocumentContent["properties"]): string {
    return typeof qTitle === "string" ? qTitle.slice(0, bounds.title) : "";
}

export function headOf({ owner, modified, lastReloadTime, properties }: DocumentContent): DocumentHead {
    const { qThumbnail } = properties;
    return { owner, modified, lastReloadTime, title: titleOf(properties), thumbnail: smallThumbnail(qThumbnail) };
}

function smallThumbnail(qThumbnail: unknown): unknown {
    return beyondBounds(qThumbnail ?? {}, bounds.thumbnail, bounds.depth) ? {} : (qThumbnail ?? {});
}

/** In bytes: a character may be written as six of them. */
const most = { text: 6 * 1024, thumbnail: 6 * bounds.thumbnail, head: 8 * bounds.thumbnail };

/** Reads the head from the pieces of a document's body. Those that were saved before heads were have it between the rest. */
export class HeadReader {
    readonly #scanner = new MemberScanner(
        new Map([
            ["head", most.head],
            ["content.owner", most.text],
            ["content.modified", most.text],
            ["content.lastReloadTime", most.text],
            ["content.properties.qTitle", most.text],
            ["content.properties.qThumbnail", most.thumbnail],
        ]),
        new Set(["head", "content.properties"]),
    );

    /** Whether the rest of the body need not be read. */
    get isDone(): boolean {
        return this.#scanner.isDone;
    }

    push(piece: Buffer): void {
        this.#scanner.push(piece);
    }

    /** @returns undefined if the body is not a document's */
    result(): DocumentHead | undefined {
        const head = (valueOf(this.#scanner.find("head")) ?? this.#fromContent()) as Partial<DocumentHead>;
        const { owner, modified, lastReloadTime, title, thumbnail } = head;
        return isText(owner) && isText(modified) && isText(lastReloadTime) && isText(title)
            ? { owner, modified, lastReloadTime, title, thumbnail: smallThumbnail(thumbnail) }
            : undefined;
    }

    #fromContent(): { readonly [member in keyof DocumentHead]: unknown } {
        const content = (name: string) => this.#scanner.find(`content.${name}`);
        return {
            owner: valueOf(content("owner")),
            modified: valueOf(content("modified")),
            lastReloadTime: valueOf(content("lastReloadTime")),
            title: titleOf({ qTitle: beginningOf(content("properties.qTitle")) }),
            thumbnail: valueOf(content("properties.qThumbnail")),
        };
    }
}

function isText(value: unknown): value is string {
    return typeof value === "string";
}

function valueOf(member: ScannedMember | undefined): unknown {
    return member?.isWhole ? parse(member.json.toString("utf8")) : undefined;
}

/** Of a long text what was kept of it, without the character that it was cut in. */
function beginningOf(member: ScannedMember | undefined): unknown {
    if (!member || member.isWhole) {
        return valueOf(member);
    }
    const kept = member.json.toString("utf8").replace(/\uFFFD*$/, "");
    const isCutInEscape = /(?:^|[^\\])(?:\\\\)*(\\(?:u[0-9a-f]{0,3})?)$/i.exec(kept);
    return parse(`${kept.slice(0, kept.length - (isCutInEscape?.[1]?.length ?? 0))}"`);
}

function parse(json: string): unknown {
    try {
        return JSON.parse(json) as unknown;
    } catch {
        return undefined;
    }
}
