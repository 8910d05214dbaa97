import { accessDenied } from "../qix/errors";
import { type Attributes, isAllowed } from "../rules/index";
import type { Rules } from "./ruleFiles";

export interface User {
    readonly directory: string;
    readonly id: string;
}

/** Whoever comes without a token, as the real engine names them. */
export const personalUser: User = { directory: "Personal", id: "Me" };

/** How the owner of a document is written. */
export function accountName(user: User): string {
    return `${user.directory}\\${user.id}`;
}

export type Action = "create" | "read" | "update" | "delete" | "reload" | "exportdata";

export const appResource = (id: string | undefined, name: string, owner: string): Attributes => ({
    resourcetype: "App",
    id,
    name,
    owner,
    published: false,
});

export const variableResource: Attributes = { resourcetype: "App.Object", objecttype: "variable" };

/** What one session may do, by the rules as they were when it began. */
export class Access {
    readonly #user: Attributes;

    /** @param rules "none" if ABAC is off, which allows everything; undefined if it is on without any rules. */
    constructor(
        readonly user: User,
        private readonly rules: Rules | "none" | undefined,
    ) {
        this.#user = { sub: user.id, id: user.id, name: accountName(user), userdirectory: user.directory };
    }

    allows(action: Action, resource: Attributes): boolean {
        if (this.rules === "none") {
            return true;
        }
        return !!this.rules && isAllowed(action, resource, this.#user, this.rules.allow, this.rules.deny);
    }

    /** @throws QixError access denied, with the words "Access denied to <toDoWhat>". */
    demand(action: Action, resource: Attributes, toDoWhat: string): void {
        if (!this.allows(action, resource)) {
            throw accessDenied(toDoWhat);
        }
    }
}
