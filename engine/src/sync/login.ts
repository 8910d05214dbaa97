import { access, readFile } from "node:fs/promises";
import { join } from "node:path";

/** A user of the broker. */
export interface Login {
    readonly username: string;
    readonly password: string;
}

/**
 * The login in the files `username` and `password` of a directory; without the directory, the account that the historical
 * engine uses.
 *
 * @throws Error if a file can't be read, with its path.
 */
export async function readLogin(directory: string): Promise<Login> {
    try {
        const [username, password] = await Promise.all(
            ["username", "password"].map(async (name) => (await readFile(join(directory, name), "utf8")).trim()),
        );
        return { username: username ?? "", password: password ?? "" };
    } catch (error) {
        const { code, path } = error as NodeJS.ErrnoException;
        if (code === "ENOENT" && !(await isThere(directory))) {
            return { username: "guest", password: "guest" };
        }
        throw new Error(`the login file ${path} could not be read (${code})`, { cause: error });
    }
}

async function isThere(path: string): Promise<boolean> {
    return access(path).then(
        () => true,
        (error: NodeJS.ErrnoException) => error.code !== "ENOENT",
    );
}
