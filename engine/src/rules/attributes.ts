import type { Subject } from "./ast";

export type AttributeValue = string | number | boolean | readonly string[] | undefined;

/** Names without underscore, nested ones dotted: `resourcetype`, `objecttype`, `app.owner`, `custom.country`. */
export type Attributes = { readonly [name: string]: AttributeValue };

/**
 * The one spelling under which an attribute is looked up. Case never counts; older rules say `resource.objectType` where
 * newer ones say `resource._objecttype`. Claims keep their underscores: they are the user's own names.
 */
export function canonicalPath(subject: Subject, path: string): string {
    const lower = path.toLowerCase();
    return subject === "user" ? lower : lower.replace(/(^|\.)_+/g, "$1");
}

/** The one spelling of an action: the documentation says "export data", privilege lists say "exportdata". */
export function canonicalAction(action: string): string {
    return action.toLowerCase().replace(/[\s_]/g, "");
}

export class AttributeLookup {
    readonly #values = new Map<string, AttributeValue>();

    constructor(
        readonly subject: Subject,
        attributes: Attributes,
    ) {
        for (const [name, value] of Object.entries(attributes)) {
            const path = canonicalPath(subject, name);
            if (!this.#values.has(path)) {
                this.#values.set(path, value);
            }
        }
    }

    get(path: string): AttributeValue {
        // The documentation called the token's subject `user.id` for a while.
        return this.subject === "user" && path === "id" && !this.#values.has("id")
            ? this.#values.get("sub")
            : this.#values.get(path);
    }

    /** The attributes below a path, e.g. those of the app that an object is part of; undefined if there are none. */
    below(path: string): Attributes | undefined {
        const prefix = `${path}.`;
        const entries = [...this.#values]
            .filter(([name]) => name.startsWith(prefix))
            .map(([name, value]): [string, AttributeValue] => [name.slice(prefix.length), value]);
        return entries.length === 0 ? undefined : Object.fromEntries(entries);
    }
}
