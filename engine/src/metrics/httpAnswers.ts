import { Histogram } from "./histogram";

// Those of the real engine, as recorded of 12.138.0.
const secondsBounds = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10];
const bytesBounds = [14, 15, 16, 17, 19, 20, 21, 22].map((exponent) => 2 ** exponent);

/** Time and size of the answers on the main port, by path. All of them are to GET, with status 200. */
export class HttpAnswers {
    readonly byPath = new Map<string, { readonly seconds: Histogram; readonly bytes: Histogram }>();

    /** @param path one that is served: a client could otherwise make as many as it likes. */
    observe(path: string, seconds: number, bytes: number): void {
        let answers = this.byPath.get(path);
        if (!answers) {
            answers = { seconds: new Histogram(secondsBounds), bytes: new Histogram(bytesBounds) };
            this.byPath.set(path, answers);
        }
        answers.seconds.observe(seconds);
        answers.bytes.observe(bytes);
    }
}
