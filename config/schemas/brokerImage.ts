import { image, versionOf } from "./image";

/** One or two numbers at the beginning of a tag, as 4.3 in 4.3.1-management; a date or a hash is something else. */
const versionTag = /^v?(?<major>\d|\d{1,2}(?=\.\d))(\.(?<minor>\d{1,2}))?(\.\d+)*([-_].*)?$/;

/**
 * The name of the broker's image. What its tag says of RabbitMQ's version is checked. What is behind a digest, another tag or
 * another repository can't be known here, and is taken.
 */
export const brokerImage = image
    .refine(
        (text) => {
            const { tag = "latest", digest } = versionOf(text) ?? {};
            return tag !== "latest" || digest !== undefined;
        },
        {
            error: "must name a version by its tag or digest, as docker.io/library/rabbitmq:4.3, since the latest one changes by itself",
            abort: true,
        },
    )
    .refine(
        (text) => {
            const version = versionTag.exec(versionOf(text)?.tag ?? "")?.groups;
            return version === undefined || (version.major === "4" && /^[0-3]$/.test(version.minor ?? ""));
        },
        { error: "must be RabbitMQ 4.0 to 4.3 by its tag, as docker.io/library/rabbitmq:4.3" },
    );
