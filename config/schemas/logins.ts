import * as z from "zod";
import { isPrintable } from "../characters";

/** What a login may hold without being quoted in the broker's configuration file. */
const plain = /^[\w.~!@%^*+=-]+$/;
const plainOnly = "must be letters, digits and . _ ~ ! @ % ^ * + = - only";

/** A user of RabbitMQ. AMQP has names of up to 255 bytes; of these characters, each is one. */
export const brokerUsername = z
    .string()
    .regex(plain, { error: plainOnly, abort: true })
    .regex(/^[A-Za-z0-9]/, { error: "must begin with a letter or a digit", abort: true })
    .max(255, { error: "must have at most 255 characters", abort: true })
    .refine((name) => name.toLowerCase() !== "guest", {
        error: "must be another name, since the broker keeps guest off the network unless brokerLogin is guest",
    });

export const brokerPassword = z.string().regex(plain, { error: plainOnly });

/**
 * A user or an organization of Docker Hub. New ones have 4 to 30 lower-case letters and digits
 * (https://docs.docker.com/accounts/create-account/); older ones are shorter, and have hyphens and underscores, too.
 */
export const dockerHubUsername = z.string().regex(/^[a-z0-9][a-z0-9_-]{1,254}$/i, {
    error: "must be a Docker ID, of letters, digits, - and _ only",
});

/** Or an access token. The line break at the end of a file that it came from would be a part of it. */
export const dockerHubPassword = z.string().regex(/^\P{Cc}*$/u, {
    error: "must have no line break or other control character",
});

/** RFC 5321 has room for 254 characters. */
export const dockerHubEmail = z
    .string()
    .max(254, { error: "must have at most 254 characters", abort: true })
    .refine((text) => isPrintable(text) && /^[^\s@]+@[^\s@]+$/.test(text), {
        error: "must be an e-mail address, as someone@example.com",
    });
