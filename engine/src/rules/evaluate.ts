import { type Condition, type Operand, type RuleSet, operandsOf } from "./ast";
import { AttributeLookup, type Attributes, type AttributeValue, canonicalAction } from "./attributes";

const EVERY_ACTION = "*";

/** A condition's outcome: undefined if it is false, otherwise the actions that its true parts name. */
type Outcome = readonly string[] | undefined;
const TRUE: Outcome = [];

/** What a condition is asked of. */
export interface Scope {
    readonly resource: AttributeLookup;
    readonly user: AttributeLookup;
    readonly hasPrivilege: (of: "resource" | "app", action: string) => boolean;
}

/**
 * Whether a user may do something to a resource: no deny rule that is true names the action, and some allow rule that is
 * true does. Without rules nobody may do anything.
 */
export function isAllowed(
    action: string,
    resource: Attributes,
    user: Attributes,
    allow: RuleSet,
    deny: RuleSet,
): boolean {
    const wanted = canonicalAction(action);
    const lookups = { resource: new AttributeLookup("resource", resource), user: new AttributeLookup("user", user) };
    const onApp = (privilege: string): boolean => {
        const app = lookups.resource.below("app");
        return app !== undefined && isAllowed(privilege, { ...app, resourcetype: "App" }, user, allow, deny);
    };
    return !covers(namedActions(deny, lookups, onApp), wanted) && covers(namedActions(allow, lookups, onApp), wanted);
}

/**
 * Whether a deny rule that is true names the action for the engine itself, which has no attribute but its type, "node".
 *
 * Only rules that ask for a type count. `resource.name != "Public"` is true of an engine, too, but is meant of documents.
 */
export function isNodeDenied(action: string, user: Attributes, deny: RuleSet): boolean {
    const lookups = {
        resource: new AttributeLookup("resource", { resourcetype: "node" }),
        user: new AttributeLookup("user", user),
    };
    const rules = deny.rules.filter(({ condition }) => operandsOf(condition).some(isResourceType));
    return covers(
        namedActions({ rules }, lookups, () => false),
        canonicalAction(action),
    );
}

/** All actions that the true rules of a file name; each rule sees what those before it named. */
function namedActions(
    { rules }: RuleSet,
    lookups: Pick<Scope, "resource" | "user">,
    onApp: (action: string) => boolean,
): ReadonlySet<string> {
    const named = new Set<string>();
    const scope: Scope = {
        ...lookups,
        hasPrivilege: (of, action) => (of === "app" ? onApp(action) : covers(named, action)),
    };
    for (const rule of rules) {
        evaluate(rule.condition, scope)?.forEach((action) => named.add(action));
    }
    return named;
}

function covers(actions: ReadonlySet<string>, action: string): boolean {
    return actions.has(EVERY_ACTION) || actions.has(action);
}

function evaluate(condition: Condition, scope: Scope): Outcome {
    switch (condition.kind) {
        case "actions":
            return membersOf(condition.operand, scope).map(canonicalAction);
        case "and": {
            const left = evaluate(condition.left, scope);
            const right = left && evaluate(condition.right, scope);
            return left && right && [...left, ...right];
        }
        case "or": {
            // Both sides, because each may name actions of its own.
            const left = evaluate(condition.left, scope);
            const right = evaluate(condition.right, scope);
            return left && right ? [...left, ...right] : (left ?? right);
        }
        case "not":
            return evaluate(condition.condition, scope) ? undefined : TRUE;
        default:
            return holds(condition, scope) ? TRUE : undefined;
    }
}

/** Whether a condition without parts is true. */
export function holds(
    condition: Exclude<Condition, { kind: "actions" | "and" | "or" | "not" }>,
    scope: Scope,
): boolean {
    switch (condition.kind) {
        case "truthy":
            return isTruthy(valueOf(condition.operand, scope));
        case "compare":
            return compare(condition, scope);
        case "pattern":
            return membersOf(condition.left, scope).some((member) =>
                condition.patterns.some((pattern) => pattern(member)),
            );
        case "hasPrivilege":
            return scope.hasPrivilege(condition.of, condition.action);
        case "empty":
            return isEmpty(valueOf(condition.operand, scope));
        case "isAnonymous":
            return isEmpty(scope.user.get("id"));
    }
}

/** For lists one pair of members suffices: one equal pair for equality, one unequal pair for inequality. */
function compare(condition: Extract<Condition, { kind: "compare" }>, scope: Scope): boolean {
    const strict = condition.operator === "==" || condition.operator === "!==";
    const wanted = condition.operator === "=" || condition.operator === "==";
    const anyType = isResourceType(condition.left) || isResourceType(condition.right);
    const same = (a: string, b: string): boolean =>
        (anyType && (a === "*" || b === "*")) || (strict ? a === b : a.toLowerCase() === b.toLowerCase());
    const right = membersOf(condition.right, scope);
    return membersOf(condition.left, scope).some((a) => right.some((b) => same(a, b) === wanted));
}

function isResourceType(operand: Operand): boolean {
    return operand.kind === "attribute" && operand.subject === "resource" && operand.path === "resourcetype";
}

/** At least one member: what is not there counts as an empty text. */
function membersOf(operand: Operand, scope: Scope): readonly string[] {
    const value = valueOf(operand, scope);
    if (isList(value)) {
        return value.length === 0 ? [""] : value;
    }
    return [value === undefined ? "" : String(value)];
}

function valueOf(operand: Operand, scope: Scope): AttributeValue {
    return operand.kind === "literal" ? operand.values : scope[operand.subject].get(operand.path);
}

function isTruthy(value: AttributeValue): boolean {
    return isList(value) ? value.length > 0 : Boolean(value);
}

function isEmpty(value: AttributeValue): boolean {
    return value === undefined || value === "" || (isList(value) && value.length === 0);
}

function isList(value: AttributeValue): value is readonly string[] {
    return Array.isArray(value);
}
