import { execFile } from "node:child_process";
import { join } from "node:path";
import { promisify } from "node:util";
import { expect } from "chai";
import { checkSyntax, runScript } from "../../src/script/index";

const progress = (): void => undefined;

/** How often the process could do something else while something ran. */
async function turnsDuring(work: Promise<unknown>): Promise<number> {
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    try {
        await work;
    } finally {
        clearInterval(timer);
    }
    return turns;
}

describe("A long reload", function () {
    this.timeout(30_000);

    it("of a million rows leaves time for others and ends within 20 s", async () => {
        let rows = 0;
        const load = runScript("TempTable: Load RecNo() as ID, Rand() as Value AutoGenerate 1000000", {
            progress,
        }).then(({ tables }) => (rows = tables[0]?.rows.length ?? 0));
        const started = performance.now();
        const turns = await turnsDuring(load);
        expect(rows).to.equal(1_000_000);
        expect(turns).to.be.greaterThan(10);
        expect(performance.now() - started).to.be.lessThan(20_000);
    });

    it("that lets no row through leaves time for others", async () => {
        const load = runScript("LOAD 1 AS A AUTOGENERATE 2000000 WHERE 0", { progress });
        const turns = await turnsDuring(load);
        expect(turns).to.be.greaterThan(3);
    });

    it("of a long INLINE table leaves time for others", async () => {
        const load = runScript(`LOAD * INLINE [A,B\n${"x,1\n".repeat(300_000)}]`, { progress });
        expect(await turnsDuring(load)).to.be.greaterThan(3);
    });

    it("of many small statements leaves time for others", async () => {
        const load = runScript("T: LOAD RecNo() AS N AUTOGENERATE 100;".repeat(3_000), { progress });
        const turns = await turnsDuring(load);
        expect(turns).to.be.greaterThan(1);
    });

    it("that fills the memory fails alone: the process goes on", async () => {
        const { stdout } = await promisify(execFile)(process.execPath, [
            // tsx alone takes half of 64, and more where it finds nothing transpiled yet.
            "--max-old-space-size=128",
            "--import=tsx",
            join(__dirname, "fillMemory.ts"),
        ]);
        expect(stdout).to.equal("ScriptError 6: The engine is out of memory\n");
    });

    it("that would never end ends when it is told to, with the reason given", async () => {
        const abort = new AbortController();
        const load = runScript("LOAD 1 AS A AUTOGENERATE 1 WHILE 1 WHERE 0", { progress, signal: abort.signal });
        const outcome = load.catch((error: unknown) => error);
        const reason = new Error("cancelled");
        setTimeout(() => abort.abort(reason), 50);
        expect(await outcome).to.equal(reason);
    });

    it("does not begin if it was told to end before", async () => {
        const outcome = runScript("", { progress, signal: AbortSignal.abort(new Error("cancelled")) });
        expect(await outcome.catch((error: unknown) => (error as Error).message)).to.equal("cancelled");
    });
});

describe("A long script", function () {
    this.timeout(30_000);

    it("takes time by its length and not by the square of it", async () => {
        const started = performance.now();
        const outcome = await runScript("x".repeat(2_000_000), { progress }).catch((error: Error) => error.message);
        expect(outcome).to.match(/^Unknown statement: xxx/);
        expect(performance.now() - started).to.be.lessThan(10_000);
    });

    it("that is wrong all over is told its first hundred errors", async () => {
        const started = performance.now();
        const errors = await checkSyntax("x;\n".repeat(100_000));
        expect(errors.map((error) => error.line)).to.deep.equal(Array.from({ length: 100 }, (_, index) => index + 1));
        expect(performance.now() - started).to.be.lessThan(5_000);
    });
});
