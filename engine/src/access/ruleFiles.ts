import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import type { Log } from "../log";
import { type RuleSet, RuleSyntaxError, type RuleWarning, lintRules, parseRules } from "../rules/index";
import type { SyncEvent } from "../sync/events";

export interface Rules {
    readonly allow: RuleSet;
    readonly deny: RuleSet;
    /** Of both files' text, in hexadecimal. */
    readonly sha256: string;
}

/** A rules file that can't be read or understood; the message names the file, and line and column if it has them. */
export class RuleFileError extends Error {}

/** Half of the 2 s within which a new deny rule has reached every open session, with or without a broker. */
const lookEveryMilliseconds = 1_000;
/** While another engine has rules that this one has not seen. */
const lookAgainMilliseconds = 250;
/** A kubelet may take 90 s to put a changed ConfigMap into a pod. */
const expectedWithinMilliseconds = 120_000;

/**
 * The allow and deny files, read again and again: a running engine takes new rules without a restart.
 *
 * They are compared by content, not by time, since Kubernetes changes a mounted file by exchanging a link above it.
 */
export class RuleFiles {
    #rules: Rules | undefined;
    #error: string | undefined;
    #announced: { readonly sha256: string; readonly until: number } | undefined;
    #timer: NodeJS.Timeout | undefined;

    constructor(
        private readonly allowPath: string | undefined,
        private readonly denyPath: string | undefined,
        private readonly log: Log,
        private readonly announce: (event: SyncEvent) => void,
    ) {}

    /** The last rules that could be read; undefined if none ever could, which allows nothing. */
    get rules(): Rules | undefined {
        return this.#rules;
    }

    /** Why the files as they are now are not in use, if so. */
    get error(): string | undefined {
        return this.#error;
    }

    /** @throws RuleFileError if a file has a rule that can't be understood. A file that is missing allows nothing. */
    async start(): Promise<void> {
        try {
            const rules = await this.#read();
            this.#take(rules);
            this.log.info(`The rules were read, their hash is ${rules.sha256}.`);
        } catch (error) {
            if (!(error instanceof RuleFileError) || error.cause instanceof RuleSyntaxError) {
                throw error;
            }
            this.#fail(error.message);
        }
        this.#lookAgainIn(lookEveryMilliseconds);
    }

    stop(): void {
        clearTimeout(this.#timer);
        this.#timer = undefined;
    }

    /** Another engine has rules of this hash: look until they have come here too. */
    expect(sha256: string): void {
        if (this.#timer && sha256 !== this.#rules?.sha256) {
            this.log.info(`Another engine has new rules, their hash is ${sha256}.`);
            this.#announced = { sha256, until: Date.now() + expectedWithinMilliseconds };
            this.#lookAgainIn(0);
        }
    }

    #lookAgainIn(milliseconds: number): void {
        clearTimeout(this.#timer);
        this.#timer = setTimeout(() => void this.#look(), milliseconds);
    }

    async #look(): Promise<void> {
        const timer = this.#timer;
        try {
            await this.#takeIfNew();
        } catch (error) {
            this.#fail(error instanceof Error ? error.message : String(error));
        }
        if (this.#announced && this.#announced.sha256 === this.#rules?.sha256) {
            this.#announced = undefined;
        } else if (this.#announced && Date.now() > this.#announced.until) {
            this.log.error("Another engine has other rules than those in this engine's files.");
            this.#announced = undefined;
        }
        // Not if stopped, or asked to look at once, meanwhile.
        if (this.#timer === timer) {
            this.#lookAgainIn(this.#announced ? lookAgainMilliseconds : lookEveryMilliseconds);
        }
    }

    async #takeIfNew(): Promise<void> {
        const rules = await this.#read();
        this.#error = undefined;
        if (rules === this.#rules) {
            return;
        }
        this.#take(rules);
        this.log.info(
            `New rules are in use, their hash is ${rules.sha256}: what they deny holds for open sessions too, ` +
                "what they allow for new ones.",
        );
        if (rules.sha256 !== this.#announced?.sha256) {
            this.announce({ type: "document-sync.rules.changed", subject: "rules", data: { sha256: rules.sha256 } });
        }
    }

    /** @returns the rules in use if the files have the same content. */
    async #read(): Promise<Rules> {
        let [allow, deny] = await this.#readTexts();
        // Both files change at once, and a look may fall between: texts that are the same twice belong together.
        for (;;) {
            const [allowAgain, denyAgain] = await this.#readTexts();
            if (allowAgain === allow && denyAgain === deny) {
                break;
            }
            [allow, deny] = [allowAgain, denyAgain];
        }
        const hash = createHash("sha256")
            .update(JSON.stringify([allow, deny]))
            .digest("hex");
        if (hash === this.#rules?.sha256) {
            return this.#rules;
        }
        return { allow: parseFile(this.allowPath, allow), deny: parseFile(this.denyPath, deny), sha256: hash };
    }

    #take(rules: Rules): void {
        this.#rules = rules;
        this.#warn(this.allowPath, lintRules(rules.allow, "allow"));
        this.#warn(this.denyPath, lintRules(rules.deny, "deny"));
    }

    #warn(path: string | undefined, warnings: readonly RuleWarning[]): void {
        for (const { line, column, message } of warnings) {
            this.log.warn(`${path}:${line}:${column}: ${message}`);
        }
    }

    async #readTexts(): Promise<[string, string]> {
        return [await readText(this.allowPath), await readText(this.denyPath)];
    }

    #fail(message: string): void {
        if (message !== this.#error) {
            this.log.error(
                this.#rules ? `${message} The rules read before stay in use.` : `${message} Nothing is allowed.`,
            );
        }
        this.#error = message;
    }
}

async function readText(path: string | undefined): Promise<string> {
    if (path === undefined) {
        return "";
    }
    try {
        return await readFile(path, "utf8");
    } catch (error) {
        const { code } = error as NodeJS.ErrnoException;
        throw new RuleFileError(`The rules file ${path} could not be read (${code}).`, { cause: error });
    }
}

function parseFile(path: string | undefined, text: string): RuleSet {
    try {
        return parseRules(text);
    } catch (error) {
        if (error instanceof RuleSyntaxError) {
            throw new RuleFileError(`${path}:${error.line}:${error.column}: ${error.message}`, { cause: error });
        }
        throw error;
    }
}
