import { mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { writeDurably } from "../../machine/durable";
import { cacheDirectory } from "../../machine/paths";
import type { Tools } from "./tools";

/** What was taken of a part, and the question that this was the answer to: another question is asked anew. */
export interface Answer {
    readonly question: string;
    readonly taken: Tools;
    /** Why the released one was not to be had, if it was asked for. */
    readonly because?: string;
}

const file = join(cacheDirectory, "answers.json");

function isAnswer(value: unknown): value is Answer {
    const { question, taken, because } = (value ?? {}) as Record<string, unknown>;
    return (
        typeof question === "string" &&
        (taken === "released" || taken === "built") &&
        (because === undefined || typeof because === "string")
    );
}

/** A file that can't be read counts as none: its questions are asked again. */
function readAnswers(): Record<string, unknown> {
    try {
        const answers: unknown = JSON.parse(readFileSync(file, "utf8"));
        return typeof answers === "object" && answers !== null ? { ...answers } : {};
    } catch {
        return {};
    }
}

/** The answer of last time, if the question was this one. */
export function recall(part: string, question: string): Answer | undefined {
    const answer = readAnswers()[part];
    return isAnswer(answer) && answer.question === question ? answer : undefined;
}

/** Keeps an answer beside what was fetched or built by it. */
export function remember(part: string, answer: Answer): void {
    mkdirSync(cacheDirectory, { recursive: true });
    writeDurably(file, `${JSON.stringify({ ...readAnswers(), [part]: answer }, undefined, 4)}\n`);
}
