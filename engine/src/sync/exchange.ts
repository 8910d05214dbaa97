import { AMQPChannelError, type Connection } from "rabbitmq-client";

/** The one name that all engines know. Events go through it to the queue of each. */
export const exchange = "document-sync.events";

/** The exchange is not what engines need, and somebody has to see to it. */
export class ExchangeError extends Error {}

/**
 * Sees to it that the exchange is there: it is made unless it is there already.
 *
 * @param isSuspect nothing came through it. Only then is its kind compared: a login that may not make an exchange is refused
 * each time that it tries, with an error in the broker's log.
 * @returns whether it may be of another kind, as it is suspect and this login is not told.
 * @throws ExchangeError if it is of another kind, or missing and not for this login to make.
 */
export async function findExchange(connection: Connection, isSuspect: boolean): Promise<boolean> {
    const isThere = (await declare(connection, { passive: true })) === undefined;
    if (isThere && !isSuspect) {
        return false;
    }
    const refusal = await declare(connection, { type: "topic", durable: true });
    if (refusal === "PRECONDITION_FAILED") {
        throw new ExchangeError(
            `the exchange ${exchange} is none of the kind "topic" that is durable; delete it, and a new one is made`,
        );
    }
    if (refusal !== undefined && !isThere) {
        throw new ExchangeError(
            `there is no exchange ${exchange}, and this login may not make it; start the broker again, or make it`,
        );
    }
    return refusal !== undefined;
}

/** @returns the code of the broker's refusal, undefined if there was none. */
async function declare(
    connection: Connection,
    how: { passive: true } | { type: "topic"; durable: true },
): Promise<string | undefined> {
    // A channel for itself, because a refusal ends it.
    const channel = await connection.acquire({ emitErrorsFromChannel: true });
    channel.on("error", () => undefined);
    try {
        await channel.exchangeDeclare({ exchange, ...how });
        return undefined;
    } catch (error) {
        if (
            error instanceof AMQPChannelError &&
            ["NOT_FOUND", "ACCESS_REFUSED", "PRECONDITION_FAILED"].includes(error.code)
        ) {
            return error.code;
        }
        throw error;
    } finally {
        await channel.close();
    }
}
