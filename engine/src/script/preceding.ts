import type { LoadStatement } from "./ast";
import { asScriptError, Fault, type Located, ReloadErrorCode } from "./errors";
import { beyond, limits, shown } from "./limits";

/** A LOAD and where its text stands. */
export interface LocatedLoad {
    readonly statement: LoadStatement;
    readonly located: Located;
}

/** Stacks up LOADs without a source of their own: each takes its rows from the LOAD that follows it in the script. */
export class PrecedingLoads {
    #waiting: LocatedLoad[] = [];

    constructor(private readonly script: string) {}

    /**
     * @returns the whole stack, this load last, once it has a source
     * @throws Fault if the stack is too high
     */
    add(load: LocatedLoad): readonly LocatedLoad[] | undefined {
        if (this.#waiting.length === limits.precedingLoads) {
            this.#waiting = [];
            throw beyond(
                `More than ${shown(limits.precedingLoads)} LOADs take their rows from each other`,
                load.statement.at,
            );
        }
        this.#waiting.push(load);
        return load.statement.source.kind === "preceding" ? undefined : this.#waiting.splice(0);
    }

    /** @throws ScriptError if a LOAD still waits for its source */
    expectNone(): void {
        const load = this.#waiting.at(-1);
        if (load) {
            const message = "Expected a source, such as AUTOGENERATE, or a LOAD after this one";
            const fault = new Fault(message, ReloadErrorCode.expectedSomething, load.statement.at);
            this.#waiting = [];
            throw asScriptError(fault, this.script, load.located);
        }
    }
}
