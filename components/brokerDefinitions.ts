import { createHash } from "node:crypto";

/** The exchange that engines tell each other of changes through, and the beginning of their queues' names (engine/README.md). */
const exchange = "document-sync.events";
const queuesOfEngines = "^document-sync\\.engine\\.";
const exchangeAndQueues = "^document-sync\\.(events$|engine\\.)";

/**
 * What the broker imports at its start (https://www.rabbitmq.com/docs/definitions): one user, which is no administrator, and
 * the exchange. The user makes queues of its own and publishes, and can change nothing that others rely on; so it may not
 * make the exchange either, since whoever may make it may delete it.
 *
 * Qlik's engine logs in as guest, and what it names its exchanges and queues is not on public record: guest may make any.
 *
 * @param salt four bytes in hexadecimal.
 */
export function definitions(username: string, password: string, salt: string): string {
    const permissions =
        username === "guest"
            ? { configure: ".*", write: ".*", read: ".*" }
            : { configure: queuesOfEngines, write: exchangeAndQueues, read: exchangeAndQueues };
    return JSON.stringify({
        vhosts: [{ name: "/" }],
        users: [
            {
                name: username,
                password_hash: hash(password, salt),
                hashing_algorithm: "rabbit_password_hashing_sha256",
                tags: [],
            },
        ],
        permissions: [{ user: username, vhost: "/", ...permissions }],
        exchanges: [
            {
                name: exchange,
                vhost: "/",
                type: "topic",
                durable: true,
                auto_delete: false,
                internal: false,
                arguments: {},
            },
        ],
        // An engine that takes nothing, or a queue that nobody reads, must not fill the broker's memory. What is dropped is
        // a hint: the engine finds it on the volume.
        policies: [
            {
                vhost: "/",
                name: "engines",
                // Guest's queues may have any name.
                pattern: ".*",
                "apply-to": "queues",
                priority: 0,
                definition: { "max-length": 10_000, "max-length-bytes": 16 * 1024 * 1024 },
            },
        ],
    });
}

/** https://www.rabbitmq.com/docs/passwords: the salt, and SHA-256 of salt and password. */
function hash(password: string, salt: string): string {
    const bytes = Buffer.from(salt, "hex");
    const digest = createHash("sha256").update(bytes).update(password, "utf8").digest();
    return Buffer.concat([bytes, digest]).toString("base64");
}
