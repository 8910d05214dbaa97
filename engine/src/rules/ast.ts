import type { Wildcard } from "../wildcard";

/** One of the two things that a rule speaks of. */
export type Subject = "resource" | "user";

export type Operand =
    | { readonly kind: "literal"; readonly values: readonly string[] }
    | {
          readonly kind: "attribute";
          readonly subject: Subject;
          /** As the attributes are looked up: see attributes.ts. */
          readonly path: string;
          /** As the rule has it, such as `resource._objecttype`. */
          readonly text: string;
          /** From 1. */
          readonly column: number;
      };

export type Condition =
    | { readonly kind: "truthy"; readonly operand: Operand }
    | {
          readonly kind: "compare";
          readonly operator: "=" | "==" | "!=" | "!==";
          readonly left: Operand;
          readonly right: Operand;
      }
    | { readonly kind: "pattern"; readonly left: Operand; readonly patterns: readonly Wildcard[] }
    | { readonly kind: "hasPrivilege"; readonly of: "resource" | "app"; readonly action: string }
    | { readonly kind: "empty"; readonly operand: Operand }
    | { readonly kind: "isAnonymous" }
    /** Always true; what it names is granted or denied if the whole rule is true. */
    | { readonly kind: "actions"; readonly operand: Operand }
    | { readonly kind: "not"; readonly condition: Condition }
    | { readonly kind: "and" | "or"; readonly left: Condition; readonly right: Condition };

export interface Rule {
    /** From 1. */
    readonly line: number;
    readonly condition: Condition;
}

export interface RuleSet {
    readonly rules: readonly Rule[];
}

/** Everything that a condition compares or looks at, from left to right. */
export function operandsOf(condition: Condition, into: Operand[] = []): readonly Operand[] {
    switch (condition.kind) {
        case "truthy":
        case "empty":
        case "actions":
            into.push(condition.operand);
            break;
        case "compare":
            into.push(condition.left, condition.right);
            break;
        case "pattern":
            into.push(condition.left);
            break;
        case "hasPrivilege":
        case "isAnonymous":
            break;
        case "not":
            operandsOf(condition.condition, into);
            break;
        case "and":
        case "or":
            operandsOf(condition.left, into);
            operandsOf(condition.right, into);
            break;
    }
    return into;
}
