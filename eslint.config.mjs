import tseslint from "typescript-eslint";

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
        // mocha's describe/it take promises and chai's assertions are expressions.
        files: ["**/*.spec.ts"],
        rules: { "@typescript-eslint/no-unused-expressions": "off" },
    },
);
