import { createHash, randomBytes } from "node:crypto";

export interface Login {
    readonly username: string;
    readonly password: string;
}

/**
 * What a local broker imports at each start: its users, so that a login that has changed since the last run counts; the
 * exchange, which engines may not make; and the bounds of queues. The engines' user may do what it may do in the program's
 * broker (components/brokerDefinitions.ts).
 *
 * @param operator may do anything with exchanges and queues.
 */
export function localDefinitions(engine: Login, operator?: Login): string {
    const exchangeAndQueues = "^document-sync\\.(events$|engine\\.)";
    const everything = { configure: ".*", write: ".*", read: ".*" };
    const permissions = [
        {
            user: engine.username,
            vhost: "/",
            ...{ configure: "^document-sync\\.engine\\.", write: exchangeAndQueues, read: exchangeAndQueues },
        },
        ...(operator ? [{ user: operator.username, vhost: "/", ...everything }] : []),
    ];
    const kind = { type: "topic", durable: true, auto_delete: false, internal: false, arguments: {} };
    const bounds = { "max-length": 10_000, "max-length-bytes": 16 * 1024 * 1024 };
    return JSON.stringify({
        users: [engine, ...(operator ? [operator] : [])].map(toUser),
        vhosts: [{ name: "/" }],
        permissions,
        exchanges: [{ name: "document-sync.events", vhost: "/", ...kind }],
        policies: [
            { vhost: "/", name: "engines", pattern: ".*", "apply-to": "queues", priority: 0, definition: bounds },
        ],
    });
}

/** Password hash: rabbitmq.com/docs/passwords, four bytes of salt before SHA-256 of salt and password. */
function toUser({ username, password }: Login): object {
    const salt = randomBytes(4);
    const digest = createHash("sha256").update(salt).update(password, "utf8").digest();
    return {
        name: username,
        password_hash: Buffer.concat([salt, digest]).toString("base64"),
        hashing_algorithm: "rabbit_password_hashing_sha256",
        tags: [],
    };
}
