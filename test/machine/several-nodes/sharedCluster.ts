import { TestCluster } from "./cluster";

let shared: Promise<TestCluster> | undefined;

/** The one that these specs have in turn: to make one takes longer than most of them. Whoever has it starts it, and clears it in the end. */
export function sharedCluster(): Promise<TestCluster> {
    return (shared ??= TestCluster.make());
}

// After all specs, whichever of them ran.
after(async function () {
    this.timeout("2m");
    await (await shared)?.end();
});
