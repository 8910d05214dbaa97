import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { writeDurably } from "../../machine/durable";
import { machine, projectDirectory } from "../../machine/paths";

/** Of the stack dev, and of stacks that were made before there were others; the README tells everybody. */
export const developmentPassphrase = "document-sync-development";

/** Options of Pulumi's that have a value, of which one may stand before a stack's name. */
const options = {
    stack: { type: "string", short: "s" },
    cwd: { type: "string", short: "C" },
    color: { type: "string" },
    "config-file": { type: "string" },
    "copy-config-from": { type: "string" },
    "secrets-provider": { type: "string" },
    verbose: { type: "string", short: "v" },
    create: { type: "boolean", short: "c" },
} as const;

/** What a command of Pulumi's does to a stack, as far as its passphrase is concerned. */
export interface StackCommand {
    /** The stack's own name; undefined if the command is for the selected one, or for none. */
    readonly name?: string;
    readonly does: "use" | "make" | "makeIfMissing" | "rename";
    /** Of `rename`. */
    readonly to?: string;
}

/** Reads the arguments of the Pulumi CLI. */
export function readStackCommand(args: readonly string[]): StackCommand {
    const { values, positionals } = parseArgs({ args: [...args], options, strict: false, allowPositionals: true });
    const [noun, verb, word] = positionals;
    const given = typeof values.stack === "string" ? ownName(values.stack) : undefined;
    const named = noun === "stack" && word !== undefined ? ownName(word) : undefined;
    switch (noun === "stack" ? verb : undefined) {
        case "init":
            // What is copied is encrypted with the other stack's passphrase, and there can be but one.
            return { name: given ?? named, does: values["copy-config-from"] === undefined ? "make" : "use" };
        case "rename":
            return { name: given, does: "rename", to: named };
        case "select":
            // Whether it made one, its file tells, which is where it always is.
            return {
                name: given ?? named,
                does: values.create === true && !values["config-file"] && !values.cwd ? "makeIfMissing" : "use",
            };
        case "rm":
            return { name: given ?? named, does: "use" };
        default:
            return { name: given, does: "use" };
    }
}

/** Of `organization/project/stack`, which Pulumi takes too, the last part. */
function ownName(name: string): string {
    return name.slice(name.lastIndexOf("/") + 1);
}

/** A passphrase for a stack that is about to be made, in a file of its own until there is the stack. */
export interface NewPassphrase {
    readonly file: string;
    /** The stack was made: from now on it is its passphrase. */
    readonly keep: () => void;
    /** The stack was not made. */
    readonly drop: () => void;
}

/** The passphrases of this machine's stacks: one that everybody knows for dev, one of its own for each other that is made. */
export class Passphrases {
    /**
     * @param shared the file with {@link developmentPassphrase}.
     * @param directory of the others: a file for each stack, by its name.
     * @param project where the stacks' files are.
     */
    constructor(
        private readonly shared = machine.pulumi.passphraseFile,
        private readonly directory = machine.pulumi.passphrases,
        private readonly project = projectDirectory,
    ) {}

    /** The file with a stack's passphrase. */
    fileOf(name: string | undefined): string {
        if (name === undefined) return this.shared;
        const own = this.#own(name);
        // Whoever made the stack was killed before the passphrase had its name. Where there was a salt, none was made.
        if (this.hasSalt(name)) this.#keep(name);
        return existsSync(own) ? own : this.shared;
    }

    /**
     * Makes a random passphrase for a stack that is about to be made. Until it is kept, it locks no stack that is older.
     *
     * @returns undefined if there is nothing to make: for dev, for a stack that has one, and for one whose file has a salt
     * already, which fits another passphrase.
     */
    make(name: string): NewPassphrase | undefined {
        const own = this.#own(name);
        if (name === "dev" || existsSync(own) || this.hasSalt(name)) return undefined;
        const file = this.#new(name);
        mkdirSync(this.directory, { recursive: true, mode: 0o700 });
        writeDurably(file, `${randomBytes(32).toString("base64url")}\n`);
        return { file, keep: () => this.#keep(name), drop: () => rmSync(file, { force: true }) };
    }

    /** A stack was renamed: its passphrase goes along. */
    rename(name: string, to: string): void {
        if (existsSync(this.#own(name))) renameSync(this.#own(name), this.#own(to));
    }

    /** Whether the stack's file has what Pulumi writes there when it makes a stack with a passphrase. */
    hasSalt(name: string): boolean {
        const file = join(this.project, `Pulumi.${name}.yaml`);
        return existsSync(file) && /^encryptionsalt:/m.test(readFileSync(file, "utf8"));
    }

    #keep(name: string): void {
        if (existsSync(this.#new(name)) && !existsSync(this.#own(name))) renameSync(this.#new(name), this.#own(name));
    }

    #own(name: string): string {
        return join(this.directory, encodeURIComponent(name));
    }

    /** No stack's own is called so: a name's % is written %25. */
    #new(name: string): string {
        return `${this.#own(name)}%new`;
    }
}
