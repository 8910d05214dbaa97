import { createNodeResolver, importX } from "eslint-plugin-import-x";
import tseslint from "typescript-eslint";

/** The floors of the local platform, from the lowest: what is on one imports from those below it. */
const platform = ["machine", "artifacts", "node", "cluster", "stack", "platform", "commands"];

const floors = () =>
    platform.flatMap((floor, index) =>
        platform.slice(index + 1).map((above) => ({
            target: `./local/${floor}`,
            from: `./local/${above}`,
            message: `local/${floor} is below local/${above}.`,
        })),
    );

/** Who may import from whom among the project's parts, as docs/architecture.md draws it. */
const parts = [
    ["./engine/src", ["./local", "./components", "./scenario", "./test", "./engine/test"]],
    ["./scenario", ["./local", "./components", "./engine", "./test"]],
    ["./components", ["./local", "./scenario", "./engine", "./test"]],
    ["./config", ["./components", "./local", "./scenario", "./engine", "./test"]],
].flatMap(([target, others]) => others.map((from) => ({ target, from, message: "See docs/architecture.md." })));

/** The platform runs the program and its proof, and imports of them the name of one label. */
const platformFromProgram = [
    { from: "./components", except: ["./stackLabel.ts"] },
    ...["./config", "./scenario", "./engine/src", "./index.ts"].map((from) => ({ from })),
].map((zone) => ({ target: "./local", ...zone, message: "See docs/architecture.md." }));

/** Any two of these in one list are a list of kinds. */
const kind =
    "(deployment|statefulset|daemonset|job|service|networkpolic|configmap|secret|persistentvolume|namespace|pod)";
const named = `[value=/^${kind}(s|ies|y|claims?)?$/i]`;

/** What a sentence would have to ask for, where the code can be asked. */
const forbidden = [
    {
        // A list goes stale without a sound when the program makes another kind. (`a ~ b` is a sibling that comes later.)
        selector: `ArrayExpression > Literal${named} ~ Literal${named} ~ Literal${named}, Literal[value=/^(${kind}(s|ies|y|claims?)?,){2}/i]`,
        message: "A list of kinds: select by the label document-sync/stack (components/stackLabel.ts).",
    },
];

export default tseslint.config(
    { ignores: ["**/node_modules/**", "**/dist/**", ".local/**", "**/*.mjs"] },
    ...tseslint.configs.recommendedTypeChecked,
    {
        languageOptions: {
            parserOptions: {
                project: ["./tsconfig.json", "./engine/tsconfig.json"],
                tsconfigRootDir: import.meta.dirname,
            },
        },
    },
    {
        plugins: { "import-x": importX },
        settings: {
            "import-x/resolver-next": [createNodeResolver({ extensions: [".ts", ".mjs"] })],
            "import-x/parsers": { "@typescript-eslint/parser": [".ts"] },
        },
        rules: {
            "no-restricted-syntax": ["error", ...forbidden],
            "import-x/no-cycle": ["error", { ignoreExternal: true }],
            "import-x/no-restricted-paths": ["error", { zones: [...floors(), ...parts, ...platformFromProgram] }],
        },
    },
    {
        // mocha's describe/it take promises and chai's assertions are expressions.
        files: ["**/*.spec.ts"],
        rules: { "@typescript-eslint/no-unused-expressions": "off" },
    },
);
