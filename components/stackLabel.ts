/**
 * Label of every object of a stack, with the stack's name for its value: whoever looks for them needs no list of kinds.
 *
 * Without imports, since local/ looks for them, too, and needs nothing else of the program.
 */
export const stackLabel = "document-sync/stack";
