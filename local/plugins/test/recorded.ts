import { credentials, type ServiceError } from "@grpc/grpc-js";
import type { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as wire from "@pulumi/pulumi/proto/provider_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { isObject, numberAt, stringAt, toStruct, type Properties, type Value } from "../properties";

/** One call to a released plugin, as it was recorded. */
export interface Recorded {
    readonly method: string;
    readonly request: Properties;
    readonly response: Properties;
    readonly notReady?: { readonly id: string; readonly properties: Properties; readonly reasons: string[] };
}

export function recordings(name: string): Recorded[] {
    const text = readFileSync(join(__dirname, "fixtures", `${name}.jsonl`), "utf8");
    return text
        .trim()
        .split("\n")
        .map((line) => JSON.parse(line) as Recorded);
}

/** For a test's title: `Deployment engine`. */
export function titleOf({ request }: Recorded): string {
    return `${stringAt(request, "type").split(":").at(-1) ?? ""} ${stringAt(request, "name")}`;
}

export function isRandom({ request }: Recorded): boolean {
    return stringAt(request, "type").startsWith("random:") || stringAt(request, "type").endsWith(":random");
}

/** Names that are drawn, replaced by one that is not; nothing else in the recordings ends like that. */
export function withoutDrawnNames<T extends Value>(value: T): T {
    return JSON.parse(JSON.stringify(value).replace(/-[0-9a-f]{8}"/g, '-00000000"')) as T;
}

/** What a plugin reports of an object that is not ready. */
export class ReportedNotReady extends Error {
    constructor(
        message: string,
        readonly id: string,
        readonly properties: Properties,
        readonly reasons: string[],
    ) {
        super(message);
    }
}

/** Puts recorded calls to a plugin over gRPC, as the engine does, with responses in the recordings' form. */
export class Caller {
    private readonly client: ResourceProviderClient;

    constructor(port: number) {
        this.client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
    }

    close(): void {
        this.client.close();
    }

    async call(method: string, request: Properties): Promise<Properties> {
        const struct = (key: string) => (isObject(request[key]) ? toStruct(request[key]) : undefined);
        const resource = <
            Request extends { setUrn(v: string): unknown; setType(v: string): unknown; setName(v: string): unknown },
        >(
            message: Request,
        ) => {
            message.setUrn(stringAt(request, "urn"));
            message.setType(stringAt(request, "type"));
            message.setName(stringAt(request, "name"));
            return message;
        };
        switch (method) {
            case "GetPluginInfo":
                return {
                    version: (
                        await answer<PluginInfo>((done) => this.client.getPluginInfo(new Empty(), done))
                    ).getVersion(),
                };
            case "Cancel":
                await answer<Empty>((done) => this.client.cancel(new Empty(), done));
                return {};
            case "Configure": {
                const message = new wire.ConfigureRequest();
                message.setArgs(struct("args"));
                const response = await answer<wire.ConfigureResponse>((done) => this.client.configure(message, done));
                return withoutFalse({
                    acceptSecrets: response.getAcceptsecrets(),
                    supportsPreview: response.getSupportspreview(),
                    acceptResources: response.getAcceptresources(),
                    supportsAutonamingConfiguration: response.getSupportsAutonamingConfiguration(),
                });
            }
            case "Check":
            case "CheckConfig": {
                const message = resource(new wire.CheckRequest());
                message.setOlds(struct("olds"));
                message.setNews(struct("news"));
                message.setRandomseed(stringAt(request, "randomSeed"));
                const response = await answer<wire.CheckResponse>((done) =>
                    method === "Check" ? this.client.check(message, done) : this.client.checkConfig(message, done),
                );
                return { inputs: plain(response.getInputs()) };
            }
            case "Diff":
            case "DiffConfig": {
                const message = resource(new wire.DiffRequest());
                message.setId(stringAt(request, "id"));
                message.setOlds(struct("olds"));
                message.setNews(struct("news"));
                message.setOldInputs(struct("oldInputs"));
                const response = await answer<wire.DiffResponse>((done) =>
                    method === "Diff" ? this.client.diff(message, done) : this.client.diffConfig(message, done),
                );
                return diffOf(response);
            }
            case "Create": {
                const message = resource(new wire.CreateRequest());
                message.setProperties(struct("properties"));
                message.setPreview(request.preview === true);
                message.setTimeout(numberAt(request, "timeout"));
                const response = await answer<wire.CreateResponse>((done) => this.client.create(message, done));
                const id = response.getId();
                return { ...(id !== "" && { id }), properties: plain(response.getProperties()) };
            }
            case "Update": {
                const message = resource(new wire.UpdateRequest());
                message.setId(stringAt(request, "id"));
                message.setOlds(struct("olds"));
                message.setNews(struct("news"));
                message.setPreview(request.preview === true);
                message.setTimeout(numberAt(request, "timeout"));
                const response = await answer<wire.UpdateResponse>((done) => this.client.update(message, done));
                return { properties: plain(response.getProperties()) };
            }
            case "Read": {
                const message = resource(new wire.ReadRequest());
                message.setId(stringAt(request, "id"));
                message.setProperties(struct("properties"));
                message.setInputs(struct("inputs"));
                const response = await answer<wire.ReadResponse>((done) => this.client.read(message, done));
                if (response.getId() === "") return {};
                return {
                    id: response.getId(),
                    properties: plain(response.getProperties()),
                    inputs: plain(response.getInputs()),
                };
            }
            case "Delete": {
                const message = resource(new wire.DeleteRequest());
                message.setTimeout(numberAt(request, "timeout"));
                message.setId(stringAt(request, "id"));
                message.setProperties(struct("properties"));
                await answer<Empty>((done) => this.client.delete(message, done));
                return {};
            }
            default:
                throw new Error(`no such call: ${method}`);
        }
    }
}

function answer<Response>(
    send: (callback: (error: ServiceError | null, response: Response) => void) => unknown,
): Promise<Response> {
    return new Promise((resolve, reject) => {
        send((error, response) => {
            if (error === null) resolve(response);
            else reject(reportOf(error));
        });
    });
}

function reportOf(error: ServiceError): Error {
    const [details] = error.metadata.get("grpc-status-details-bin");
    const [any] = details instanceof Buffer ? Status.deserializeBinary(details).getDetailsList() : [];
    if (any === undefined) return new Error(error.details);
    const detail = wire.ErrorResourceInitFailed.deserializeBinary(any.getValue_asU8());
    return new ReportedNotReady(error.details, detail.getId(), plain(detail.getProperties()), detail.getReasonsList());
}

function diffOf(response: wire.DiffResponse): Properties {
    const detailed: Properties = {};
    response.getDetaileddiffMap().forEach((diff, path) => {
        const kinds = Object.entries(wire.PropertyDiff.Kind) as [string, number][];
        const kind = kinds.find(([, value]) => value === Number(diff.getKind()))?.[0] ?? "";
        detailed[path] = withoutFalse({ kind, inputDiff: diff.getInputdiff() });
    });
    const changes = ["", "DIFF_NONE", "DIFF_SOME"][response.getChanges()] ?? "";
    return withoutFalse({
        changes,
        replaces: response.getReplacesList(),
        deleteBeforeReplace: response.getDeletebeforereplace(),
        hasDetailedDiff: response.getHasdetaileddiff(),
        detailedDiff: detailed,
    });
}

/** With its nulls, unlike the plugins' own reading: the random plugin's bookkeeping has some. */
function plain(struct: Struct | undefined): Properties {
    return (struct?.toJavaScript() ?? {}) as Properties;
}

/** As JSON has a protobuf message: without what holds nothing. */
function withoutFalse(value: Properties): Properties {
    const holds = (each: Value) => (typeof each === "object" ? Object.keys(each).length > 0 : Boolean(each));
    return Object.fromEntries(Object.entries(value).filter(([, each]) => holds(each)));
}
