/** The name by which a file calls a package that it imports: the one that the import gives, or the path's last part. */
function nameOf(line: string): string | undefined {
    const [, given, path] = /^\t(?:(\S+) )?"(.+)"$/.exec(line) ?? [];
    if (path === undefined) return undefined;
    // A path that ends in a version (mux/v2, yaml.v3) is of a package named without it.
    return (
        given ??
        path
            .replace(/[/.]v\d+$/, "")
            .split("/")
            .at(-1)
    );
}

/** A Go file, as gofmt leaves it, without the imports that nothing in it uses (any more): the compiler refuses those. */
export function withoutUnusedImports(text: string): string {
    return text.replace(/^import \(\n([^)]*)^\)\n/m, (block: string, lines: string, at: number) => {
        const rest = text.slice(at + block.length);
        const isUsed = (line: string) => {
            const name = nameOf(line);
            return name === undefined || name === "_" || new RegExp(`\\b${name}\\.`).test(rest);
        };
        return `import (\n${lines.split("\n").filter(isUsed).join("\n")})\n`;
    });
}

/** A Go file, as gofmt leaves it, without the declarations, after its imports, that name something of these packages. */
export function withoutDeclarations(text: string, packages: readonly string[]): string {
    // Each of several lines ends with a bracket in the first column.
    const [head, ...declarations] = text.split(/(?<=^[)}]\n)/m);
    const names = new RegExp(`\\b(?:${packages.join("|")})\\.`);
    return withoutUnusedImports([head, ...declarations.filter((declaration) => !names.test(declaration))].join(""));
}
