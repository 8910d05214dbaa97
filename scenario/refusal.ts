/** A reason why the scenario can't run, told in one sentence; its stack would say nothing to whoever reads it. */
export class Refusal extends Error {
    constructor(message: string) {
        super(message);
        this.stack = message;
    }
}
