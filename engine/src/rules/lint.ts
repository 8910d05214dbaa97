import { type Condition, type Operand, type RuleSet, operandsOf } from "./ast";
import { AttributeLookup } from "./attributes";
import { type Scope, holds } from "./evaluate";

/** A rule that is right as a text and does not do what it is there for. */
export interface RuleWarning {
    /** Of the rule, from 1. */
    readonly line: number;
    /** Of what is wrong in it, from 1. */
    readonly column: number;
    /** What the rule does not do, and the form that does it. */
    readonly message: string;
}

type Attribute = Extract<Operand, { kind: "attribute" }>;

/** What the engine gives every user, and every resource of a type that has it: see access.ts. */
const alwaysThere: Readonly<Record<Attribute["subject"], ReadonlySet<string>>> = {
    user: new Set(["sub", "id", "name", "userdirectory"]),
    resource: new Set([
        ...["resourcetype", "objecttype", "id", "name", "owner", "published"],
        ...["app.resourcetype", "app.id", "app.name", "app.owner", "app.published"],
    ]),
};

/**
 * Finds rules that name no actions, and deny rules that don't hold for those who lack an attribute: `user.group = "guest"`
 * lets everybody through whose token has no group. With `!user.group.Empty() and …` a deny rule says that this is meant.
 */
export function lintRules({ rules }: RuleSet, file: "allow" | "deny"): readonly RuleWarning[] {
    return rules.flatMap(({ line, condition }) => {
        const actions = actionsOf(condition);
        if (actions.length === 0) {
            return [{ line, column: 1, message: namesNoActions(file) }];
        }
        return (file === "deny" ? missable(condition) : [])
            .filter((attribute) => isSwitchedOff(condition, attribute))
            .map((attribute) => ({ line, column: attribute.column, message: isOffWithout(attribute, actions) }));
    });
}

function namesNoActions(file: "allow" | "deny"): string {
    const does = file === "allow" ? "grants" : "denies";
    return `This rule names no actions and so ${does} nothing. Add them, as in: … and resource._actions = "read".`;
}

function isOffWithout(attribute: Attribute, actions: readonly Operand[]): string {
    const { subject, text } = attribute;
    const what = `This deny rule is off for ${subject === "user" ? "whoever" : "whatever"} has no ${text}.`;
    return actions.some((operand) => isOf(operand, attribute))
        ? `${what} Name the actions themselves, as in resource._actions = "read".`
        : `${what} Say whom it spares, as in !(${text} = "…"), or add those without, as in (… or ${text}.Empty()).`;
}

/** The first place of each attribute that may be missing, but for those that the rule wants to be there. */
function missable(condition: Condition): readonly Attribute[] {
    const first = new Map<string, Attribute>();
    for (const operand of operandsOf(condition)) {
        if (operand.kind === "attribute" && !alwaysThere[operand.subject].has(operand.path)) {
            const name = nameOf(operand);
            first.set(name, first.get(name) ?? operand);
        }
    }
    return [...first.values()].filter((attribute) => !wantsToBeThere(condition, attribute));
}

function nameOf({ subject, path }: Attribute): string {
    return `${subject}.${path}`;
}

function isOf(operand: Operand, attribute: Attribute): boolean {
    return operand.kind === "attribute" && nameOf(operand) === nameOf(attribute);
}

/** Whether a rule has `!attribute.Empty()` as a part that must be true. */
function wantsToBeThere(condition: Condition, attribute: Attribute): boolean {
    switch (condition.kind) {
        case "not":
            return condition.condition.kind === "empty" && isOf(condition.condition.operand, attribute);
        case "and":
            return wantsToBeThere(condition.left, attribute) || wantsToBeThere(condition.right, attribute);
        default:
            return false;
    }
}

/** What is named as actions so that it counts: what stands behind a `!` never does. */
function actionsOf(condition: Condition, into: Operand[] = []): readonly Operand[] {
    if (condition.kind === "actions") {
        into.push(condition.operand);
    } else if (condition.kind === "and" || condition.kind === "or") {
        actionsOf(condition.left, into);
        actionsOf(condition.right, into);
    }
    return into;
}

/**
 * What is true of a condition with the attribute (bit 1) and without it (bit 0), while all else is the same. So `&`, `|` and
 * `^` count for both at once.
 */
type Pair = number;
const neither: Pair = 0b00;
const onlyWithIt: Pair = 0b10;
const onlyWithout: Pair = 0b01;
const both: Pair = 0b11;

/** What can be true of a condition; and for each place in it where actions are named, what can be true of that they are. */
interface Outcome {
    readonly truth: readonly Pair[];
    readonly namings: readonly (readonly Pair[])[];
}

/** Whether actions are denied with some value of the attribute, and not without it. */
function isSwitchedOff(condition: Condition, attribute: Attribute): boolean {
    return outcomeOf(condition, attribute).namings.some((pairs) => pairs.includes(onlyWithIt));
}

function outcomeOf(condition: Condition, attribute: Attribute): Outcome {
    switch (condition.kind) {
        case "not": {
            const { truth } = outcomeOf(condition.condition, attribute);
            return { truth: truth.map((pair) => pair ^ both), namings: [] };
        }
        case "and": {
            const [left, right] = [outcomeOf(condition.left, attribute), outcomeOf(condition.right, attribute)];
            return {
                truth: combine(left.truth, right.truth, and),
                namings: distinct([
                    ...left.namings.map((naming) => combine(naming, right.truth, and)),
                    ...right.namings.map((naming) => combine(naming, left.truth, and)),
                ]),
            };
        }
        case "or": {
            const [left, right] = [outcomeOf(condition.left, attribute), outcomeOf(condition.right, attribute)];
            return {
                truth: combine(left.truth, right.truth, or),
                namings: distinct([...left.namings, ...right.namings]),
            };
        }
        case "actions":
            // `resource._actions = user.rights` names nothing where there are none.
            return { truth: [both], namings: [isOf(condition.operand, attribute) ? [neither, onlyWithIt] : [both]] };
        default:
            return { truth: truthOf(condition, attribute), namings: [] };
    }
}

/** Of `user.group = "guest"` always false without a group, with one this or that. */
function truthOf(condition: Parameters<typeof holds>[0], attribute: Attribute): readonly Pair[] {
    if (!operandsOf(condition).some((operand) => isOf(operand, attribute))) {
        return [neither, both];
    }
    return holdsWithout(condition) ? [onlyWithout, both] : [neither, onlyWithIt];
}

const and = (a: Pair, b: Pair): Pair => a & b;
const or = (a: Pair, b: Pair): Pair => a | b;

function combine(left: readonly Pair[], right: readonly Pair[], operator: (a: Pair, b: Pair) => Pair): readonly Pair[] {
    return [...new Set(left.flatMap((a) => right.map((b) => operator(a, b))))];
}

/** Few of many: a rule with a thousand places has at most fifteen sets. */
function distinct(namings: readonly (readonly Pair[])[]): readonly (readonly Pair[])[] {
    return [...new Map(namings.map((pairs) => [[...pairs].sort().join(), pairs])).values()];
}

const nothing: Scope = {
    resource: new AttributeLookup("resource", {}),
    user: new AttributeLookup("user", {}),
    hasPrivilege: () => false,
};

/** What a condition is without the attribute that it looks at. */
function holdsWithout(condition: Parameters<typeof holds>[0]): boolean {
    if (condition.kind === "compare" && [condition.left, condition.right].every(({ kind }) => kind === "attribute")) {
        // Of two attributes the other one is there, and so is something else.
        return condition.operator.startsWith("!");
    }
    return holds(condition, nothing);
}
