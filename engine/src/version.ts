import { version } from "../package.json";

/** The engine version whose behaviour is imitated: the last one that was published together with RabbitMQ. */
export const engineVersion = "12.160.0";

/** What tells this engine from Qlik's own. */
export const standIn = { name: "document-sync stand-in QIX engine", version } as const;
