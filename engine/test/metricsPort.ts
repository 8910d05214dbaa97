import { expect } from "chai";
import type { EngineProcess } from "./engineProcess";

/** Samples by their series as it is written, such as `qix_documents_total{status="ok"}`. */
export interface Metrics {
    readonly types: Readonly<Record<string, string>>;
    readonly samples: Readonly<Record<string, number>>;
}

export function metricsUrl(engine: EngineProcess): string {
    return `http://127.0.0.1:${engine.log.find((line) => line.metricsPort)?.metricsPort}/metrics`;
}

export async function scrape(engine: EngineProcess): Promise<Metrics> {
    const response = await fetch(metricsUrl(engine));
    expect(response.status).to.equal(200);
    return parse(await response.text());
}

/** Strict: a line that Prometheus would not take, a sample without its type, and a series that comes twice all fail. */
export function parse(text: string): Metrics {
    expect(text).to.match(/^#.*\n$/s);
    const types: Record<string, string> = {};
    const samples: Record<string, number> = {};
    const helped = new Set<string>();
    let family = "";
    for (const line of text.trimEnd().split("\n")) {
        const comment = /^# (HELP|TYPE) ([a-z_]+) (\S.*)$/.exec(line);
        if (comment?.[1] === "HELP") {
            family = comment[2]!;
            expect(helped.has(family), line).to.equal(false);
            helped.add(family);
            continue;
        }
        if (comment) {
            expect(comment[2]).to.equal(family);
            expect(comment[3]).to.match(/^(counter|gauge|histogram)$/);
            types[family] = comment[3]!;
            continue;
        }
        const sample = /^([a-z_]+)(\{[a-z_]+="[^"\\\n]*"(?:,[a-z_]+="[^"\\\n]*")*\})? (\d+\.\d{6})$/.exec(line);
        expect(sample, line).not.to.equal(null);
        const suffixes = types[family] === "histogram" ? ["_bucket", "_sum", "_count"] : [""];
        expect(suffixes.map((suffix) => family + suffix)).to.include(sample![1]);
        const series = sample![1]! + (sample![2] ?? "");
        expect(samples).not.to.have.property(series);
        samples[series] = Number(sample![3]);
    }
    return { types, samples };
}
