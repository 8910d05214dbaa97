import { Server, ServerCredentials, status, type handleUnaryCall } from "@grpc/grpc-js";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as wire from "@pulumi/pulumi/proto/provider_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { Struct } from "google-protobuf/google/protobuf/struct_pb";
import { promisify } from "node:util";
import { fromStruct } from "./properties";
import { check, create, diff, read, update, type State } from "./provider";

/** Serves the plugin on a free port of 127.0.0.1, as `version`. */
export async function serve(version: string): Promise<{ readonly port: number; stop(): void }> {
    const server = new Server();
    server.addService(ResourceProviderService, implementation(version));
    const bind = promisify(server.bindAsync.bind(server));
    const port = await bind("127.0.0.1:0", ServerCredentials.createInsecure());
    return { port, stop: () => server.forceShutdown() };
}

/** What the engine calls of a provider of resources; to all else gRPC itself answers that it is not there, which the engine takes. */
function implementation(version: string) {
    return {
        getPluginInfo: unary<Empty, PluginInfo>(() => {
            const info = new PluginInfo();
            info.setVersion(version);
            return info;
        }),

        checkConfig: unary<wire.CheckRequest, wire.CheckResponse>((request) => {
            const response = new wire.CheckResponse();
            response.setInputs(request.getNews());
            return response;
        }),

        diffConfig: unary<wire.DiffRequest, wire.DiffResponse>(() => new wire.DiffResponse()),

        configure: unary<wire.ConfigureRequest, wire.ConfigureResponse>(() => {
            const response = new wire.ConfigureResponse();
            response.setAcceptresources(true);
            response.setSupportspreview(true);
            response.setSupportsAutonamingConfiguration(true);
            return response;
        }),

        check: unary<wire.CheckRequest, wire.CheckResponse>((request) => {
            const inputs = fromStruct(request.getNews());
            check(request.getType(), inputs);
            const response = new wire.CheckResponse();
            response.setInputs(toStruct(inputs));
            return response;
        }),

        diff: unary<wire.DiffRequest, wire.DiffResponse>((request) => {
            const [state, inputs] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
            const { changed, replaces } = diff(request.getType(), state, inputs, request.getIgnorechangesList());
            const { DIFF_SOME, DIFF_NONE } = wire.DiffResponse.DiffChanges;
            const response = new wire.DiffResponse();
            response.setChanges(changed.length > 0 ? DIFF_SOME : DIFF_NONE);
            response.setDiffsList([...changed]);
            response.setReplacesList([...replaces]);
            return response;
        }),

        create: unary<wire.CreateRequest, wire.CreateResponse>(async (request) => {
            const inputs = fromStruct(request.getProperties());
            const { id, state } = await create(request.getType(), inputs, request.getPreview());
            const response = new wire.CreateResponse();
            response.setId(id);
            response.setProperties(toStruct(state));
            return response;
        }),

        update: unary<wire.UpdateRequest, wire.UpdateResponse>((request) => {
            const [state, inputs] = [fromStruct(request.getOlds()), fromStruct(request.getNews())];
            const response = new wire.UpdateResponse();
            response.setProperties(toStruct(update(request.getType(), state, inputs)));
            return response;
        }),

        read: unary<wire.ReadRequest, wire.ReadResponse>((request) => {
            const response = new wire.ReadResponse();
            response.setId(request.getId());
            response.setProperties(toStruct(read(request.getType(), fromStruct(request.getProperties()))));
            response.setInputs(request.getInputs());
            return response;
        }),

        delete: unary<wire.DeleteRequest, Empty>(() => new Empty()),
    };
}

function toStruct(state: State): Struct {
    return Struct.fromJavaScript(state);
}

function unary<Request, Response>(
    handle: (request: Request) => Response | Promise<Response>,
): handleUnaryCall<Request, Response> {
    return (call, callback) => {
        // The function's own throw is an answer too, hence the promise around it.
        Promise.resolve(call.request)
            .then(handle)
            .then(
                (response) => callback(null, response),
                (error: unknown) => {
                    const message = error instanceof Error ? error.message : String(error);
                    callback({ code: status.UNKNOWN, details: message, message });
                },
            );
    };
}
