import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";
import { isObject, stringAt, type Properties } from "../properties";

export interface SeenRequest {
    readonly method: string;
    readonly path: string;
    readonly query: Readonly<Record<string, string>>;
    readonly contentType: string;
    readonly body: unknown;
}

/**
 * An API server that keeps objects by path and knows nothing of what they mean: what a change makes of an object is told to it
 * beforehand, from the recordings.
 */
export class FakeApiServer {
    readonly requests: SeenRequest[] = [];
    readonly objects = new Map<string, Properties>();
    /** What the next POST or PATCH for an object's path answers with, and leaves behind unless it is a dry run. */
    readonly outcomes = new Map<string, Properties>();
    /** Paths of objects that stay when they are deleted. */
    readonly held = new Set<string>();
    /** How many lists from now on get no answer, as of a server that is starting again. */
    droppedLists = 0;
    /** How often from now on somebody else changes an object just before it is patched with what was read of it. */
    overtaken = 0;
    readonly missingNamespaces = new Set<string>();
    private readonly watches = new Map<string, ServerResponse[]>();
    private readonly server = createServer((request, response) => {
        this.handle(request, response).catch((error: unknown) => {
            response.writeHead(500).end(String(error));
        });
    });

    /** @returns the contents of a kubeconfig for it. */
    async start(): Promise<string> {
        this.server.listen(0, "127.0.0.1");
        await once(this.server, "listening");
        const { port } = this.server.address() as AddressInfo;
        return JSON.stringify({
            "current-context": "fake",
            clusters: [
                { name: "fake", cluster: { server: `http://127.0.0.1:${port}`, "insecure-skip-tls-verify": true } },
            ],
            users: [{ name: "fake", user: {} }],
            contexts: [{ name: "fake", context: { cluster: "fake", user: "fake" } }],
        });
    }

    stop(): void {
        this.server.closeAllConnections();
        this.server.close();
    }

    /** Changes an object, and tells who watches. */
    put(path: string, object: Properties): void {
        const type = this.objects.has(path) ? "MODIFIED" : "ADDED";
        this.objects.set(path, object);
        this.tell(path, type, object);
    }

    isWatched(collection: string): boolean {
        return this.watches.has(collection);
    }

    private tell(path: string, type: string, object: Properties): void {
        for (const watch of this.watches.get(collectionOf(path)) ?? [])
            watch.write(`${JSON.stringify({ type, object })}\n`);
    }

    private async handle(request: IncomingMessage, response: ServerResponse): Promise<void> {
        const url = new URL(request.url ?? "", "http://fake");
        const query = Object.fromEntries(url.searchParams);
        const chunks: Buffer[] = [];
        for await (const chunk of request) chunks.push(chunk as Buffer);
        const text = Buffer.concat(chunks).toString("utf8");
        const body: unknown = text === "" ? undefined : JSON.parse(text);
        const path = url.pathname;
        const method = request.method ?? "";
        this.requests.push({ method, path, query, contentType: request.headers["content-type"] ?? "", body });

        const answer = (status: number, value: Properties) => {
            response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(value));
        };
        const notFound = () => {
            answer(404, { kind: "Status", reason: "NotFound", message: `${path} not found`, details: {} });
        };

        const namespace = /\/namespaces\/([^/]+)\//.exec(path)?.[1];
        if (namespace !== undefined && this.missingNamespaces.has(namespace)) {
            const details = { kind: "namespaces", name: namespace };
            answer(404, {
                kind: "Status",
                reason: "NotFound",
                message: `namespaces "${namespace}" not found`,
                details,
            });
            return;
        }
        if (method === "GET" && query.watch === "true") {
            response.writeHead(200, { "content-type": "application/json" });
            response.flushHeaders();
            this.watches.set(path, [...(this.watches.get(path) ?? []), response]);
        } else if (method === "GET" && isCollection(path) && this.droppedLists > 0) {
            this.droppedLists--;
            request.socket.destroy();
        } else if (method === "GET" && isCollection(path)) {
            const wanted = query.fieldSelector?.replace("metadata.name=", "");
            const items = [...this.objects]
                .filter(([each]) => collectionOf(each) === path)
                .map(([, object]) => object)
                .filter((object) => wanted === undefined || stringAt(object, "metadata", "name") === wanted);
            answer(200, { items, metadata: { resourceVersion: "1" } });
        } else if (request.headers["content-type"] === "application/json-patch+json" && this.overtaken > 0) {
            const object = this.objects.get(path) ?? {};
            const resourceVersion = `overtaken ${this.overtaken--}`;
            this.put(path, { ...object, metadata: { ...(object.metadata as Properties), resourceVersion } });
            answer(409, { kind: "Status", reason: "Conflict", message: "the object has been modified", details: {} });
        } else if (method === "POST" || method === "PATCH") {
            const target =
                method === "PATCH" ? path : `${path}/${stringAt(isObject(body) ? body : {}, "metadata", "name")}`;
            const outcome = this.outcomes.get(target) ?? this.objects.get(target);
            if (outcome === undefined) {
                notFound();
                return;
            }
            if (query.dryRun !== "All") this.put(target, outcome);
            answer(200, outcome);
        } else {
            const object = this.objects.get(path);
            if (object === undefined) {
                notFound();
                return;
            }
            if (method === "DELETE" && !this.held.has(path)) {
                this.objects.delete(path);
                this.tell(path, "DELETED", object);
            }
            answer(200, object);
        }
    }
}

function collectionOf(path: string): string {
    return path.slice(0, path.lastIndexOf("/"));
}

/** The collections that are listed here; everything else is an object. */
function isCollection(path: string): boolean {
    return /\/(deployments|replicasets|statefulsets|jobs|pods|persistentvolumes|persistentvolumeclaims|services)$/.test(
        path,
    );
}
