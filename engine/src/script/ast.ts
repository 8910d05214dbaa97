import type { FieldValue } from "./values";

export type UnaryOperator = "-" | "+" | "not";
export type BinaryOperator =
    | "or"
    | "xor"
    | "and"
    | "="
    | "<>"
    | "<"
    | ">"
    | "<="
    | ">="
    | "like"
    | "precedes"
    | "follows"
    | "&"
    | "+"
    | "-"
    | "*"
    | "/";

/** `at` is an offset in the statement. */
export type Expression =
    | { readonly kind: "literal"; readonly value: FieldValue }
    | { readonly kind: "name"; readonly name: string; readonly at: number }
    | { readonly kind: "call"; readonly name: string; readonly args: readonly Expression[]; readonly at: number }
    | { readonly kind: "unary"; readonly operator: UnaryOperator; readonly operand: Expression }
    | {
          readonly kind: "binary";
          readonly operator: BinaryOperator;
          readonly left: Expression;
          readonly right: Expression;
      };

/** A field of a LOAD: an expression and the name that it is given, or `*` for all fields of the source. */
export type LoadItem =
    | { readonly kind: "all" }
    | { readonly kind: "field"; readonly expression: Expression; readonly name: string; readonly at: number };

/** `preceding` is the LOAD that follows in the script. */
export type LoadSource =
    | { readonly kind: "autogenerate"; readonly count: Expression; readonly at: number }
    | { readonly kind: "inline"; readonly data: string }
    | { readonly kind: "resident"; readonly table: string; readonly at: number }
    | { readonly kind: "preceding" };

export interface LoadStatement {
    readonly kind: "load";
    readonly label: string | undefined;
    readonly items: readonly LoadItem[];
    readonly source: LoadSource;
    readonly where: Expression | undefined;
    readonly while: Expression | undefined;
    readonly at: number;
}

export type Statement =
    | LoadStatement
    | { readonly kind: "set"; readonly variable: string; readonly value: string }
    | { readonly kind: "let"; readonly variable: string; readonly expression: Expression }
    | { readonly kind: "commentField"; readonly field: string; readonly comment: string };
