/** The load script of the QIX engine: reading, checking and running it. */
export { checkSyntax } from "./check";
export { ScriptError } from "./errors";
export { type DataModel, runScript, type RunOptions } from "./run";
export type { Table } from "./tables";
export type { FieldValue } from "./values";
