/** The access rules (ABAC) of the QIX engine, in both dialects on record. */
export type { Rule, RuleSet } from "./ast";
export type { Attributes, AttributeValue } from "./attributes";
export { RuleSyntaxError } from "./errors";
export { isAllowed, isNodeDenied } from "./evaluate";
export { type RuleWarning, lintRules } from "./lint";
export { parseRules } from "./parser";
