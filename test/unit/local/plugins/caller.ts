import { credentials, type ServiceError } from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderClient } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as wire from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct, type JavaScriptValue } from "google-protobuf/google/protobuf/struct_pb";

type Json = Record<string, JavaScriptValue>;

/** A request to a plugin in the form of the recordings, `PULUMI_DEBUG_GRPC`'s. */
export interface Request {
    readonly type?: string;
    readonly id?: string;
    readonly preview?: boolean;
    readonly ignoreChanges?: string[];
    readonly olds?: Json;
    readonly news?: Json;
    readonly properties?: Json;
    readonly inputs?: Json;
}

const struct = (value: Json | undefined) => value && Struct.fromJavaScript(value);
/** With its nulls, unlike the plugin's own reading: the bookkeeping has some. */
const plain = (value: Struct | undefined): Json => value?.toJavaScript() ?? {};

/** As JSON has a protobuf message: without what holds nothing. */
function withoutEmpty(value: Json): Json {
    const holds = (each: JavaScriptValue) =>
        typeof each === "object" && each !== null ? Object.keys(each).length > 0 : Boolean(each);
    return Object.fromEntries(Object.entries(value).filter(([, each]) => holds(each)));
}

/** Puts calls to a plugin over gRPC, as the engine does, with responses in the recordings' form. */
export class Caller {
    readonly #client: ResourceProviderClient;

    constructor(port: number) {
        this.#client = new ResourceProviderClient(`127.0.0.1:${port}`, credentials.createInsecure());
    }

    close(): void {
        this.#client.close();
    }

    async call(method: string, request: Request): Promise<Json> {
        const client = this.#client;
        switch (method) {
            case "GetPluginInfo": {
                const response = await answer<PluginInfo>((done) => client.getPluginInfo(new Empty(), done));
                return { version: response.getVersion() };
            }
            case "Configure": {
                const response = await answer<wire.ConfigureResponse>((done) =>
                    client.configure(new wire.ConfigureRequest(), done),
                );
                return withoutEmpty({
                    acceptSecrets: response.getAcceptsecrets(),
                    supportsPreview: response.getSupportspreview(),
                    acceptResources: response.getAcceptresources(),
                    supportsAutonamingConfiguration: response.getSupportsAutonamingConfiguration(),
                });
            }
            case "Check":
            case "CheckConfig": {
                const message = new wire.CheckRequest();
                message.setType(request.type ?? "");
                message.setOlds(struct(request.olds));
                message.setNews(struct(request.news));
                const response = await answer<wire.CheckResponse>((done) =>
                    method === "Check" ? client.check(message, done) : client.checkConfig(message, done),
                );
                return { inputs: plain(response.getInputs()) };
            }
            case "Diff":
            case "DiffConfig": {
                const message = new wire.DiffRequest();
                message.setType(request.type ?? "");
                message.setOlds(struct(request.olds));
                message.setNews(struct(request.news));
                message.setIgnorechangesList(request.ignoreChanges ?? []);
                const response = await answer<wire.DiffResponse>((done) =>
                    method === "Diff" ? client.diff(message, done) : client.diffConfig(message, done),
                );
                return withoutEmpty({
                    changes: ["", "DIFF_NONE", "DIFF_SOME"][response.getChanges()] ?? "",
                    diffs: response.getDiffsList(),
                    replaces: response.getReplacesList(),
                    hasDetailedDiff: response.getHasdetaileddiff(),
                });
            }
            case "Create": {
                const message = new wire.CreateRequest();
                message.setType(request.type ?? "");
                message.setProperties(struct(request.properties));
                message.setPreview(request.preview ?? false);
                const response = await answer<wire.CreateResponse>((done) => client.create(message, done));
                return withoutEmpty({ id: response.getId(), properties: plain(response.getProperties()) });
            }
            case "Update": {
                const message = new wire.UpdateRequest();
                message.setType(request.type ?? "");
                message.setOlds(struct(request.olds));
                message.setNews(struct(request.news));
                const response = await answer<wire.UpdateResponse>((done) => client.update(message, done));
                return { properties: plain(response.getProperties()) };
            }
            case "Read": {
                const message = new wire.ReadRequest();
                message.setId(request.id ?? "");
                message.setType(request.type ?? "");
                message.setProperties(struct(request.properties));
                message.setInputs(struct(request.inputs));
                const response = await answer<wire.ReadResponse>((done) => client.read(message, done));
                const [properties, inputs] = [plain(response.getProperties()), plain(response.getInputs())];
                return { id: response.getId(), properties, inputs };
            }
            case "Delete":
                await answer<Empty>((done) => client.delete(new wire.DeleteRequest(), done));
                return {};
            default:
                throw new Error(`The caller knows no ${method}. Add it.`);
        }
    }
}

function answer<Response>(
    send: (callback: (error: ServiceError | null, response: Response) => void) => unknown,
): Promise<Response> {
    return new Promise((resolve, reject) => {
        send((error, response) => {
            if (error === null) resolve(response);
            else reject(new Error(error.details));
        });
    });
}
