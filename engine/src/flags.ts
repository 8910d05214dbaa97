/**
 * The command line of the real engine: any number of `-S Key=Value`.
 *
 * Keys and defaults of `real` flags are the published ones (Qlik Core's engine documentation and the manifests of
 * core-document-synchronization); the others are this engine's own.
 */

import type { Broker } from "./sync/eventBus";
import { type BoundFlag, boundFlags } from "./bounds/bounds";
import type { Verbosities } from "./log";

interface FlagSpecification {
    readonly default: string;
    readonly origin: "real" | "ours";
    readonly help: string;
}

interface BoundSpecification extends FlagSpecification {
    readonly isNoneAtZero: boolean;
}

const mebibyte = 1024 * 1024;

/** Bounds of what clients may take. */
const boundSpecifications = {
    MessageLimit: share(16 * mebibyte, "bytes of one message"),
    PendingLimit: share(128 * mebibyte, "bytes of unfinished and waiting messages, of all sockets"),
    RequestLimit: share(256, "requests under way of one socket, which is not read further then"),
    UnreadLimitPerSocket: share(mebibyte, "bytes of answers unread by a socket's client, which gets no more made then"),
    UnreadLimit: share(256 * mebibyte, "bytes of answers unread by their clients, of all sockets"),
    UnreadSeconds: share(60, "for so long a client may read none of the answers that wait for it"),
    SocketLimit: count(10_000, "sockets"),
    SocketLimitPerAddress: count(2_500, "sockets from one address"),
    SessionLimit: count(10_000, "sessions, 5 in the developer edition"),
    SessionLimitPerAddress: count(2_500, "sessions from one address"),
    TtlSessionLimit: count(2_000, "sessions with a ttl"),
    TtlSessionLimitPerAddress: count(500, "sessions with a ttl from one address"),
    UnsavedLimit: share(256 * mebibyte, "bytes in memory of unsaved changes, of all documents"),
    OpenLimit: share(512 * mebibyte, "bytes in memory of open documents, with their unsaved changes"),
} satisfies Record<BoundFlag, BoundSpecification>;

const specifications = {
    AcceptEULA: flag("no", "real", "must be yes, else the engine logs why and exits"),
    DocumentDirectory: flag("/home/engine/Qlik/Sense/Apps", "real", "where documents are kept"),
    DesktopPort: flag("9076", "real", "port of websockets and health; 0 takes a free one"),
    EnableABAC: flag("0", "real", "decide every access by the rules"),
    SystemAllowRulePath: flag("", "real", "file of allow rules, with EnableABAC=1"),
    SystemDenyRulePath: flag("", "real", "file of deny rules, with EnableABAC=1"),
    UseEventBus: flag("0", "real", "tell other engines of changes, and be told, through RabbitMQ"),
    RabbitHost: flag("", "real", "host:port of RabbitMQ, with UseEventBus=1"),
    SessionTTL: flag("0", "real", "seconds a session outlives its last socket; -1 for ever"),
    MaxSessionTTL: flag("1800", "real", "upper bound of the ttl that a URL asks for, in seconds"),
    EnablePrometheus: flag("1", "real", "serve metrics"),
    PrometheusServicePort: flag("9090", "real", "port of the metrics; 0 takes a free one"),
    PrometheusPort: flag("9090", "real", "the same; PrometheusServicePort counts if both are given"),
    SystemLogVerbosity: flag("4", "real", "0 off, 1 fatal, 2 error, 3 warning, 4 info, 5 debug"),
    AuditActivityLogVerbosity: flag("4", "real", "the same of the audit trail; 3 leaves successes out"),
    RabbitLoginPath: flag("/run/secrets/rabbitmq", "ours", "directory of the files username and password"),
    EventBusEchoTimeout: flag("5", "ours", "seconds until an event of its own must have come back"),
    EventBusPingInterval: flag("4", "ours", "seconds after which a quiet engine says that it is there"),
    CatchUpInterval: flag("300", "ours", "seconds between looks at the whole volume, with UseEventBus=1"),
    BindAddress: flag("", "ours", "address to listen on; all of the machine's if empty"),
    AllowedOrigins: flag("", "ours", "origins of web pages that may connect, separated by commas"),
    ValidateJsonWebTokens: flag("0", "real", "tokens are not read: the engine starts with 0 only"),
    ...boundSpecifications,
} satisfies Record<string, FlagSpecification>;

/** Real flags that are taken without effect: what they switch is always so here, or not imitated. */
const withoutEffect = new Set([
    ...["Gen3", "PersistenceMode", "BuildAppCacheAtStartup", "StandardReload", "StoragePath", "EnableFilePolling"],
    ...["JsonWebTokenSecret", "JsonWebTokenPath", "LicenseServiceUrl"],
]);

/** Bytes: a longer text can't be had in node. */
const longestMessage = 512 * mebibyte;

/** Seconds, 24 days: what node's timers can count. */
const longestTimer = 2_147_483;

type FlagName = keyof typeof specifications;

export interface Flags {
    readonly acceptEula: boolean;
    readonly documentDirectory: string;
    /** 0 takes a free port. */
    readonly port: number;
    /** Empty for all addresses. */
    readonly bindAddress: string;
    /** Origins of web pages that may connect, as browsers write them. */
    readonly allowedOrigins: readonly string[];
    readonly enableAbac: boolean;
    readonly allowRulePath: string | undefined;
    readonly denyRulePath: string | undefined;
    /** The broker, if the event bus is on. */
    readonly broker: Broker | undefined;
    /** Seconds. */
    readonly catchUpInterval: number;
    /** Seconds; -1 is for ever. */
    readonly sessionTtl: number;
    readonly maxSessionTtl: number;
    readonly bounds: Readonly<Record<BoundFlag, number>>;
    /** 0 takes a free port; undefined for no metrics. */
    readonly metricsPort: number | undefined;
    readonly verbosities: Verbosities;
}

/** A flag's value that can't be used; the message names key and value. */
export class FlagError extends Error {}

/**
 * Reads the arguments after the program's name. Arguments that are no `-S Key=Value`, and keys nobody knows, are
 * returned as warnings: the real engine runs on in spite of them.
 *
 * @throws FlagError if a known key has a value of the wrong type.
 */
export function parseFlags(args: readonly string[]): { flags: Flags; warnings: string[] } {
    const given = new Map<string, string>();
    const warnings: string[] = [];
    for (let index = 0; index < args.length; index++) {
        const argument = args[index] ?? "";
        const assignment = argument === "-S" ? args[index + 1] : undefined;
        const parts = assignment === undefined ? null : /^([A-Za-z]\w*)=(.*)$/s.exec(assignment);
        if (!parts) {
            warnings.push(`The argument ${JSON.stringify(argument)} is ignored: it is no -S Key=Value.`);
            continue;
        }
        index++;
        const [, key = "", value = ""] = parts;
        if (Object.hasOwn(specifications, key)) {
            given.set(key, value);
        } else if (withoutEffect.has(key)) {
            warnings.push(`The flag ${key} is taken without effect.`);
        } else if (!key.endsWith("LogVerbosity")) {
            warnings.push(`The flag ${key} is not known and ignored.`);
        }
    }
    const metricsPortKey = given.has("PrometheusServicePort") ? "PrometheusServicePort" : "PrometheusPort";
    const text = (key: FlagName) => given.get(key) ?? specifications[key].default;
    refuseTokens("ValidateJsonWebTokens", text("ValidateJsonWebTokens"));
    const yesNo = (key: FlagName) => toBoolean(key, text(key));
    const integer = (key: FlagName, least: number, most = Number.MAX_SAFE_INTEGER) =>
        toInteger(key, text(key), least, most);
    return {
        flags: {
            acceptEula: yesNo("AcceptEULA"),
            documentDirectory: text("DocumentDirectory"),
            port: integer("DesktopPort", 0, 65535),
            bindAddress: text("BindAddress"),
            allowedOrigins: toOrigins("AllowedOrigins", text("AllowedOrigins")),
            enableAbac: yesNo("EnableABAC"),
            allowRulePath: text("SystemAllowRulePath") || undefined,
            denyRulePath: text("SystemDenyRulePath") || undefined,
            broker: yesNo("UseEventBus")
                ? {
                      ...toHostAndPort("RabbitHost", text("RabbitHost")),
                      loginDirectory: text("RabbitLoginPath"),
                      echoTimeout: integer("EventBusEchoTimeout", 1, longestTimer),
                      pingInterval: integer("EventBusPingInterval", 1, longestTimer),
                  }
                : undefined,
            catchUpInterval: integer("CatchUpInterval", 1, longestTimer),
            sessionTtl: integer("SessionTTL", -1, longestTimer),
            maxSessionTtl: integer("MaxSessionTTL", 0, longestTimer),
            bounds: toBounds(integer),
            metricsPort: yesNo("EnablePrometheus") ? integer(metricsPortKey, 0, 65535) : undefined,
            verbosities: {
                system: integer("SystemLogVerbosity", 0, 5),
                audit: integer("AuditActivityLogVerbosity", 0, 5),
            },
        },
        warnings,
    };
}

/** What `--help` prints. */
export function usage(): string {
    const rows = Object.entries(specifications).map(
        ([key, { default: value, help, origin }]) =>
            `  ${`${key}=${value}`.padEnd(48)} ${help}${origin === "ours" ? " (not a flag of the real engine)" : ""}`,
    );
    return ["Usage: engine [-S Key=Value]...", "", "Keys and their defaults:", ...rows, ""].join("\n");
}

function flag(value: string, origin: "real" | "ours", help: string): FlagSpecification {
    return { default: value, origin, help };
}

/** What each may take: at least something. */
function share(value: number, help: string): BoundSpecification {
    return { ...flag(String(value), "ours", help), isNoneAtZero: false };
}

/** How many there may be. */
function count(value: number, help: string): BoundSpecification {
    return { ...flag(String(value), "ours", `${help}, at a time; 0 for no limit`), isNoneAtZero: true };
}

function toBounds(
    integer: (key: BoundFlag, least: number, most?: number) => number,
): Readonly<Record<BoundFlag, number>> {
    const most: Partial<Record<BoundFlag, number>> = { MessageLimit: longestMessage, UnreadSeconds: longestTimer };
    const bounds = Object.fromEntries(
        boundFlags.map((key) => {
            const { isNoneAtZero } = boundSpecifications[key];
            const value = integer(key, isNoneAtZero ? 0 : 1, most[key]);
            return [key, isNoneAtZero && value === 0 ? Infinity : value];
        }),
    ) as Record<BoundFlag, number>;
    const { MessageLimit, PendingLimit } = bounds;
    if (PendingLimit < MessageLimit) {
        throw new FlagError(
            `PendingLimit=${PendingLimit} is less than MessageLimit=${MessageLimit}: give it room for one message at least.`,
        );
    }
    return bounds;
}

function toBoolean(key: string, value: string): boolean {
    if (/^(1|yes|true)$/i.test(value)) {
        return true;
    }
    if (/^(0|no|false|)$/i.test(value)) {
        return false;
    }
    throw new FlagError(`${key}=${value} is neither yes (1) nor no (0).`);
}

function toInteger(key: string, value: string, least: number, most: number): number {
    const number = /^-?\d+$/.test(value) ? Number(value) : NaN;
    if (!(number >= least && number <= most)) {
        const upTo = most === Number.MAX_SAFE_INTEGER ? "" : ` to ${most}`;
        throw new FlagError(`${key}=${value} is no whole number from ${least}${upTo}.`);
    }
    return number;
}

/** An engine that is told to validate tokens, and can't, would let everyone in. */
function refuseTokens(key: string, value: string): void {
    if (value !== "0") {
        throw new FlagError(
            `${key}=${value} asks for a protection that this engine does not have: set ${key}=0, and let the network ` +
                "decide who reaches the engine.",
        );
    }
}

function toOrigins(key: string, value: string): readonly string[] {
    const origins = value.split(",").filter((origin) => origin !== "");
    const wrong = origins.find((origin) => !/^https?:/.test(origin) || originOf(origin) !== origin);
    if (wrong !== undefined) {
        throw new FlagError(
            `${key}=${value} has ${JSON.stringify(wrong)}, which is no origin: write each as browsers do, such as ` +
                "https://example.com, without path and default port.",
        );
    }
    return origins;
}

function originOf(text: string): string | undefined {
    return URL.canParse(text) ? new URL(text).origin : undefined;
}

function toHostAndPort(key: string, value: string): { host: string; port: number } {
    const parts = /^(\[[0-9a-fA-F:]+\]|[^:\s/@]+)(?::(\d+))?$/.exec(value);
    const port = Number(parts?.[2] ?? 5672);
    if (!parts?.[1] || port < 1 || port > 65535) {
        throw new FlagError(`${key}=${value} is no host:port, which UseEventBus=1 needs.`);
    }
    return { host: parts[1].replace(/^\[|\]$/g, ""), port };
}
