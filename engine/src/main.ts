import { mkdir } from "node:fs/promises";
import { Access, personalUser } from "./access/access";
import { RuleFileError, RuleFiles } from "./access/ruleFiles";
import { AuditTrail } from "./audit/trail";
import { Bounds } from "./bounds/bounds";
import { DocumentLibrary } from "./documents/library";
import { DocumentStore } from "./documents/store";
import { Engine } from "./engine";
import { type Flags, FlagError, parseFlags, usage } from "./flags";
import { type Log, type MessageCounts, createLogs, noMessages } from "./log";
import { MetricsServer } from "./metrics/server";
import { Origins } from "./origins";
import { withoutSecrets } from "./secrets";
import { Server } from "./server";
import { Sessions } from "./sessions/sessions";
import { EventBus } from "./sync/eventBus";
import type { SyncEvent } from "./sync/events";
import { engineVersion, standIn } from "./version";

/** A reason not to start; the message is a sentence for whoever reads the log. */
class StartError extends Error {}

/** For requests under way and for events to go out, each of which has a shorter time of its own; the grace of a pod is 30 s. */
const mostMillisecondsToStop = 10_000;

/** What there is to stop, which is nothing yet while the engine is starting. */
interface Running {
    engine?: Engine;
    server?: Server;
}

async function main(args: readonly string[]): Promise<void> {
    if (args.includes("--help")) {
        process.stdout.write(usage());
        return;
    }
    const { flags, warnings } = parseFlags(args);
    const messages = noMessages();
    const { system: log, audit } = createLogs(flags.verbosities, messages);
    log.info(`Engine started with command line: ${args.map(withoutSecrets).join(" ")}`);
    log.info(`Engine Version is ${engineVersion}, imitated by ${standIn.name} ${standIn.version}`);
    warnings.forEach((warning) => log.warn(withoutSecrets(warning)));
    if (!flags.acceptEula) {
        throw new StartError("The EULA is not accepted: the engine starts with -S AcceptEULA=yes only.");
    }
    // From here on, because a container's first process is not ended by a signal that it does not handle.
    const running: Running = {};
    for (const signal of ["SIGTERM", "SIGINT"] as const) {
        process.once(signal, () => void stop(signal, log, running));
    }
    const engine = (running.engine = await assemble(flags, log, new AuditTrail(audit)));
    if (flags.metricsPort !== undefined) {
        const metricsPort = await serveMetrics(engine, messages, flags.metricsPort, flags.bindAddress);
        log.info({ metricsPort }, `Metrics on port ${metricsPort}.`);
    }
    const server = (running.server = new Server(engine, new Origins(flags.allowedOrigins)));
    const port = await server.listen(flags.port, flags.bindAddress).catch((error: Error) => {
        throw new StartError(`DesktopPort=${flags.port} can't be listened on (${error.message}).`);
    });
    engine.eventBus?.start();
    log.info({ port }, `Listening on port ${port}.`);
}

async function assemble(flags: Flags, log: Log, audit: AuditTrail): Promise<Engine> {
    let eventBus: EventBus | undefined;
    const announce = (event: SyncEvent) => eventBus?.publish(event);
    const store = await openStore(flags.documentDirectory, log);
    const library = new DocumentLibrary(store, log, announce, (...more) => engine.room.renew(...more));
    const catchUp = () =>
        library.catchUp().catch((error: Error) => log.error(`The documents could not be listed: ${error.message}`));
    const ruleFiles = flags.enableAbac
        ? new RuleFiles(flags.allowRulePath, flags.denyRulePath, log, announce)
        : undefined;
    await ruleFiles?.start();
    await catchUp();
    if (flags.broker) {
        eventBus = new EventBus(flags.broker, log, {
            onEvent: (event) => {
                if (event.type === "document-sync.rules.changed") {
                    ruleFiles?.expect(event.data.sha256);
                } else {
                    library.apply(event).catch((error: Error) => log.error(`${event.type}: ${error.message}`));
                }
            },
            onConnected: () => void catchUp(),
        });
        // A net for whatever no event told of, such as a volume that was restored.
        setInterval(() => void catchUp(), flags.catchUpInterval * 1000);
    }
    const newAccess = () => new Access(personalUser, ruleFiles ?? "none");
    const bounds = new Bounds(flags.bounds);
    const engine: Engine = new Engine(
        log,
        audit,
        bounds,
        library,
        new Sessions(library, flags, bounds, newAccess),
        ruleFiles,
        eventBus,
    );
    return engine;
}

/** A directory that can't be used is no reason to stay down: what needs it fails with its own error, as on a full disk. */
async function openStore(directory: string, log: Log): Promise<DocumentStore> {
    const store = new DocumentStore(directory);
    await mkdir(directory, { recursive: true }).catch((error: Error) =>
        log.error(`DocumentDirectory=${directory} can't be used: ${error.message}`),
    );
    await store.removeAbandoned();
    return store;
}

async function serveMetrics(engine: Engine, messages: MessageCounts, port: number, address: string): Promise<number> {
    return new MetricsServer(engine, messages).listen(port, address).catch((error: Error) => {
        throw new StartError(
            `PrometheusServicePort=${port} (or PrometheusPort), the port of the metrics, can't be listened on ` +
                `(${error.message}): EnablePrometheus=0 does without.`,
        );
    });
}

async function stop(signal: string, log: Log, { engine, server }: Running): Promise<void> {
    log.info(`Engine is shutting down on ${signal}.`);
    setTimeout(() => {
        log.error(`Engine is not done within ${mostMillisecondsToStop / 1000} s and ends as it is.`);
        process.exit(1);
    }, mostMillisecondsToStop);
    engine?.ruleFiles?.stop();
    await server?.stop();
    await engine?.eventBus?.stop();
    process.exit(0);
}

main(process.argv.slice(2)).catch((error: unknown) => {
    const isExpected = error instanceof StartError || error instanceof FlagError || error instanceof RuleFileError;
    // A rule may hold an @ of its own, before the place that the sentence names.
    const sentence = (error: Error) => (error instanceof FlagError ? withoutSecrets(error.message) : error.message);
    createLogs({ system: 1, audit: 0 }).system.fatal(isExpected ? sentence(error) : { err: error });
    process.exit(1);
});
