import { runScript, ScriptError } from "../../src/script/index";

/** Run by a test as a process of its own: a reload that needs more memory than there is. */
runScript("LOAD RecNo() AS A, 'x' & RecNo() AS B AUTOGENERATE 1000000000", { progress: () => undefined }).catch(
    (error: unknown) => {
        console.log(error instanceof ScriptError ? `${error.name} ${error.code}: ${error.message}` : error);
    },
);
