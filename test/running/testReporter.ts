import { appendFileSync } from "node:fs";
import Mocha from "mocha";

/** mocha's own spec reporter, which also appends its totals, one JSON object a line, to the file that TEST_TOTALS names. */
export default class TestReporter extends Mocha.reporters.Spec {
    constructor(runner: Mocha.Runner, options: Mocha.MochaOptions) {
        super(runner, options);
        runner.once("end", () => {
            const { passes, failures, pending } = this.stats;
            const file = process.env.TEST_TOTALS;
            if (file)
                appendFileSync(file, `${JSON.stringify({ passed: passes, failed: failures, skipped: pending })}\n`);
        });
    }
}
