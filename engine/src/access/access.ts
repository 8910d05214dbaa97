import { accessDenied } from "../qix/errors";
import { type Attributes, type RuleSet, isAllowed, isNodeDenied } from "../rules/index";
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

/** What can be done to the engine itself: to list its documents, to make, delete and reload them. */
export type NodeAction = Extract<Action, "read" | "create" | "delete" | "reload">;

export const appResource = (id: string | undefined, name: string, owner: string): Attributes => ({
    resourcetype: "App",
    id,
    name,
    owner,
    published: false,
});

/** A variable of a document, which is a resource of its own. */
export const variableResource = (app: Attributes): Attributes => ({
    resourcetype: "App.Object",
    objecttype: "variable",
    ...Object.fromEntries(Object.entries(app).map(([name, value]) => [`app.${name}`, value])),
});

/** Where the rules are had from: as they are in the files by now. */
interface RulesInUse {
    /** Undefined if there are none, which allows nothing. */
    readonly rules: Rules | undefined;
}

/**
 * What one session may do: what the rules allowed when it began, without what they deny now.
 *
 * So a new deny rule holds from a session's next call on, for as long as it is there. What widens the rights of its start (an
 * allow rule that is new, a deny rule of then that is gone) counts from the next session on. An allow rule that is gone counts from then on, too: to take a right from an
 * open session is what deny rules are for.
 */
export class Access {
    readonly #user: Attributes;
    readonly #atStart: Rules | undefined;

    /** @param rules "none" if ABAC is off, which allows everything. */
    constructor(
        readonly user: User,
        private readonly rules: RulesInUse | "none",
    ) {
        this.#user = { sub: user.id, id: user.id, name: accountName(user), userdirectory: user.directory };
        this.#atStart = rules === "none" ? undefined : rules.rules;
    }

    allows(action: Action, resource: Attributes): boolean {
        if (this.rules === "none") {
            return true;
        }
        const { allow } = this.#atStart ?? {};
        return !!allow && this.#denyRules().every((deny) => isAllowed(action, resource, this.#user, allow, deny));
    }

    /**
     * Whether no deny rule for the engine itself, the resource type "node", names the action. Nothing has to be granted on
     * it: the rules that Qlik published with its own tests let their users in with grants on App and App.Object alone.
     */
    allowsOnNode(action: NodeAction): boolean {
        return this.#denyRules().every((deny) => !isNodeDenied(action, this.#user, deny));
    }

    /** @throws QixError access denied, with the words "Access denied to <toDoWhat>". */
    demand(action: Action, resource: Attributes, toDoWhat: string): void {
        if (!this.allows(action, resource)) {
            throw accessDenied(toDoWhat);
        }
    }

    /** @throws QixError as `demand` does, if a deny rule for the engine itself names the action. */
    demandOnNode(action: NodeAction, toDoWhat: string): void {
        if (!this.allowsOnNode(action)) {
            throw accessDenied(toDoWhat);
        }
    }

    /** Those of the session's start, and those of now if the files have changed. */
    #denyRules(): readonly RuleSet[] {
        const now = this.rules === "none" ? undefined : this.rules.rules;
        return [...new Set([this.#atStart, now])].flatMap((rules) => rules?.deny ?? []);
    }
}
