import type { Wildcard } from "../wildcard";

/** One of the two things that a rule speaks of. */
export type Subject = "resource" | "user";

export type Operand =
    | { readonly kind: "literal"; readonly values: readonly string[] }
    /** `path` as the attributes are looked up: see attributes.ts. */
    | { readonly kind: "attribute"; readonly subject: Subject; readonly path: string };

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
export function operandsOf(condition: Condition): readonly Operand[] {
    switch (condition.kind) {
        case "truthy":
        case "empty":
        case "actions":
            return [condition.operand];
        case "compare":
            return [condition.left, condition.right];
        case "pattern":
            return [condition.left];
        case "hasPrivilege":
        case "isAnonymous":
            return [];
        case "not":
            return operandsOf(condition.condition);
        case "and":
        case "or":
            return [...operandsOf(condition.left), ...operandsOf(condition.right)];
    }
}
