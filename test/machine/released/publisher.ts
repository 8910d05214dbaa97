import { appendFileSync, createReadStream, existsSync, readFileSync, statSync, writeFileSync } from "node:fs";
import type { IncomingMessage, ServerResponse } from "node:http";
import { createServer } from "node:https";
import { join } from "node:path";

/**
 * Plays those that publish tools and images: `publisher.ts DIRECTORY`, at 127.0.0.1:443. It serves `served/<host>/<path>` of the
 * directory, writes each request as a line into `requests`, and misbehaves as `faults.json` says.
 */
export interface Fault {
    /** Requests whose `<host>/<path>` contains this. */
    readonly of: string;
    /** No answer; half of it and no more; half of it and the end of the connection; all of it and the end of the server. */
    readonly is: "silent" | "stalled" | "cut" | "last";
}

const [directory] = process.argv.slice(2);
const read = (name: string) => readFileSync(join(directory, name));

function answer(request: IncomingMessage, response: ServerResponse): void {
    const path = `${request.headers.host}${decodeURIComponent(request.url ?? "")}`;
    appendFileSync(join(directory, "requests"), `${request.method} ${path}\n`);
    const fault = (JSON.parse(read("faults.json").toString()) as Fault[]).find(({ of }) => path.includes(of))?.is;
    if (fault === "silent") return;
    // A registry's own address is a directory of its others.
    const file = join(directory, "served", path.endsWith("/") ? `${path}index` : path);
    if (!existsSync(file)) {
        response.writeHead(404).end();
        return;
    }
    const { size } = statSync(file);
    const type = path.includes("/manifests/")
        ? (JSON.parse(readFileSync(file, "utf8")) as { mediaType: string }).mediaType
        : "application/octet-stream";
    response.writeHead(200, { "content-length": size, "content-type": type });
    if (request.method === "HEAD") {
        response.end();
        return;
    }
    const isHalf = fault === "stalled" || fault === "cut";
    const body = createReadStream(file, isHalf ? { end: Math.floor(size / 2) } : {});
    body.pipe(response, { end: !isHalf });
    if (fault === "cut") body.on("end", () => setTimeout(() => response.destroy(), 100));
    if (fault === "last") response.on("close", () => process.exit());
}

const server = createServer({ key: read("server.key"), cert: read("server.crt") }, answer);
server.listen(443, "127.0.0.1", () => writeFileSync(join(directory, "ready"), String(process.pid)));
