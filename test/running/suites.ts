import { check, mocha } from "./suite";

const prettierCache = ["--cache", "--cache-strategy", "content", "--cache-location", ".local/prettier"];

/** With room for what is soon thrown away: collecting it took a fifth of the time. */
const typesAndLint = ["--max-semi-space-size=64", "--import", "tsx", "test/running/typesAndLint.ts"];

/** Folders of tests by what they need, and what they are called. Each test of the project is in one of them. */
export const folders = {
    unit: { "Units of program and platform, under mocks": "test/unit", "The repository": "test/repository" },
    process: {
        "Processes of the platform": "test/process",
        Engine: "engine/test",
    },
    deployed: { Deployed: "test/deployed" },
    machine: {
        "Several nodes": "test/machine/several-nodes",
        "Killed, and beside others": "test/machine/recovery",
        "A guest on the machine": "test/machine/guest",
        "What the documentation says": "test/machine/documentation",
        "Released tools": "test/machine/released",
    },
} as const;

const suitesOf = (tier: keyof typeof folders, ...options: string[]) =>
    Object.entries<string>(folders[tier]).map(([title, folder]) => mocha(title, ...options, `${folder}/**/*.spec.ts`));

/** Needs neither root nor a cluster. The one that takes longest first. */
export const unit = [
    check("Types and lint of the program, scenario and platform", "node", ...typesAndLint, "tsconfig.json"),
    check("Types and lint of the engine", "node", ...typesAndLint, "engine/tsconfig.json"),
    // Remembers which files had their form, by their content.
    check("Form", "prettier", "--check", "--log-level", "warn", ...prettierCache, "."),
    ...suitesOf("unit"),
];

/** Starts programs: some as root, some that were built. */
export const process = suitesOf("process");

/** On this machine's cluster. */
export const deployed = suitesOf("deployed", "--bail");

/** On machines of the tests' own, so that they need no cluster here and disturb none, nor each other. */
export const machine = suitesOf("machine");
