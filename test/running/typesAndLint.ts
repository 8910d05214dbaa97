import { ESLint } from "eslint";
import { dirname, relative, resolve } from "node:path";
import ts from "typescript";
import { projectDirectory } from "../../local/machine/paths";

/** Checks types and lint of the TypeScript project of this tsconfig.json, from one program: tsc and eslint would each make it anew. */
async function check(file: string): Promise<boolean> {
    const { options, fileNames, errors } = ts.parseJsonConfigFileContent(
        ts.readConfigFile(file, (path) => ts.sys.readFile(path)).config,
        ts.sys,
        dirname(file),
    );
    const program = ts.createProgram(fileNames, options);
    const diagnostics = [...errors, ...ts.getPreEmitDiagnostics(program)];
    const host = {
        getCanonicalFileName: (path: string) => path,
        getCurrentDirectory: () => projectDirectory,
        getNewLine: () => "\n",
    };
    process.stdout.write(ts.formatDiagnostics(diagnostics, host));

    const eslint = new ESLint({
        cwd: projectDirectory,
        overrideConfig: { languageOptions: { parserOptions: { project: null, programs: [program] } } },
    });
    const results = await eslint.lintFiles(fileNames.map((path) => relative(projectDirectory, path)));
    process.stdout.write(await (await eslint.loadFormatter()).format(results));
    console.log(`${fileNames.length} files`);
    return diagnostics.length === 0 && results.every(({ messages }) => messages.length === 0);
}

void check(resolve(process.argv[2])).then((passes) => (process.exitCode = passes ? 0 : 1));
