import type { Histogram } from "./histogram";

type Labels = Readonly<Record<string, string>>;

interface Sample {
    /** The metric's name, for a histogram with `_bucket`, `_sum` or `_count`. */
    readonly name: string;
    readonly labels: Labels;
    readonly value: number;
}

/** A metric with all of its samples. */
export interface Family {
    readonly name: string;
    readonly type: "counter" | "gauge" | "histogram";
    /** One line. */
    readonly help: string;
    readonly samples: readonly Sample[];
}

export function gauge(name: string, help: string, value: number, labels: Labels = {}): Family {
    return { name, type: "gauge", help, samples: [{ name, labels, value }] };
}

export function counter(name: string, help: string, value: number): Family {
    return labelledCounter(name, help, [[{}, value]]);
}

export function labelledCounter(name: string, help: string, values: Iterable<readonly [Labels, number]>): Family {
    return { name, type: "counter", help, samples: [...values].map(([labels, value]) => ({ name, labels, value })) };
}

export function histogram(name: string, help: string, series: Iterable<readonly [Labels, Histogram]>): Family {
    const samples = [...series].flatMap(([labels, { buckets, sum, count }]) => [
        ...buckets.map((bucket) => ({
            name: `${name}_bucket`,
            labels: { ...labels, le: bucket.upperBound === Infinity ? "+Inf" : `${bucket.upperBound}` },
            value: bucket.count,
        })),
        { name: `${name}_sum`, labels, value: sum },
        { name: `${name}_count`, labels, value: count },
    ]);
    return { name, type: "histogram", help, samples };
}

/** What `expose` writes. */
export const contentType = "text/plain; version=0.0.4; charset=utf-8";

/** Prometheus' text format. A value has six decimals, as the real engine writes it. */
export function expose(families: readonly Family[]): string {
    return families.map(toText).join("");
}

function toText({ name, type, help, samples }: Family): string {
    const lines = samples.map((sample) => `${sample.name}${braced(sample.labels)} ${sample.value.toFixed(6)}\n`);
    return `# HELP ${name} ${help}\n# TYPE ${name} ${type}\n${lines.join("")}`;
}

function braced(labels: Labels): string {
    const pairs = Object.entries(labels).map(([name, value]) => `${name}=${JSON.stringify(value)}`);
    return pairs.length > 0 ? `{${pairs.join(",")}}` : "";
}
