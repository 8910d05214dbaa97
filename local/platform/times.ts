interface Step {
    readonly title: string;
    readonly milliseconds: number;
}

const steps: Step[] = [];

/** Does a step's work, and remembers how long it took. */
export async function timed<T>(title: string, work: () => T | Promise<T>): Promise<T> {
    const started = performance.now();
    try {
        return await work();
    } finally {
        steps.push({ title, milliseconds: performance.now() - started });
    }
}

/** As people say it: 4.2 s, 12 min 37 s. */
export function duration(milliseconds: number): string {
    if (milliseconds < 59_950) return `${(milliseconds / 1000).toFixed(1)} s`;
    const seconds = Math.round(milliseconds / 1000);
    return `${Math.floor(seconds / 60)} min ${seconds % 60} s`;
}

/** A line for each step in the order in which they ended, and one for all together, which is less where steps overlap. */
export function timeTable(): string {
    const rows = [...steps, { title: "all together", milliseconds: performance.now() }];
    const width = Math.max(...rows.map(({ title }) => title.length));
    return rows.map(({ title, milliseconds }) => `  ${title.padEnd(width)}  ${duration(milliseconds)}`).join("\n");
}
