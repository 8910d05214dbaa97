/** How long, in milliseconds, the process was kept from anything else while something ran. */
export async function longestTurnDuring<T>(work: () => Promise<T>): Promise<{ result: T; longest: number }> {
    let longest = 0;
    let last = performance.now();
    const look = (): void => {
        const now = performance.now();
        longest = Math.max(longest, now - last);
        last = now;
    };
    const timer = setInterval(look, 1);
    try {
        const result = await work();
        look();
        return { result, longest };
    } finally {
        clearInterval(timer);
    }
}
