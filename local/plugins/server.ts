import {
    Metadata,
    Server,
    ServerCredentials,
    status as grpcStatus,
    type handleUnaryCall,
    type ServiceError,
} from "@grpc/grpc-js";
import { Any } from "google-protobuf/google/protobuf/any_pb";
import { Empty } from "google-protobuf/google/protobuf/empty_pb";
import { ResourceProviderService } from "@pulumi/pulumi/proto/provider_grpc_pb";
import * as wire from "@pulumi/pulumi/proto/provider_pb";
import { PluginInfo } from "@pulumi/pulumi/proto/plugin_pb";
import { Status } from "@pulumi/pulumi/proto/status_pb";
import { promisify } from "node:util";
import { engineLog, type Log } from "./engine";
import { fromStruct, toStruct } from "./properties";
import { NotReady, type DiffResult, type Provider } from "./provider";

// The engine's own limit (rpcutil.GrpcChannelOptions): an object with a large ConfigMap passes grpc's default of 4 MB.
const maxMessageBytes = 1024 * 1024 * 400;

/** Serves a provider on a free port of 127.0.0.1. */
export async function serve(provider: Provider): Promise<{ readonly port: number; stop(): void }> {
    const server = new Server({ "grpc.max_receive_message_length": maxMessageBytes });
    server.addService(ResourceProviderService, implementation(provider));
    const bind = promisify(server.bindAsync.bind(server));
    const port = await bind("127.0.0.1:0", ServerCredentials.createInsecure());
    return {
        port,
        stop: () => {
            server.forceShutdown();
        },
    };
}

/** A plugin's whole life: argv ends with the engine's address, and the first line of stdout is the port. */
export async function main(provider: (log: Log) => Provider): Promise<void> {
    const address = process.argv.at(-1);
    if (process.argv.length < 3 || address === undefined) {
        throw new Error("this program is a plugin: the Pulumi engine starts it, with its own address as last argument");
    }
    const { port } = await serve(provider(engineLog(address)));
    // The engine ends its plugins; one that was killed itself cannot.
    const parent = process.ppid;
    setInterval(() => {
        if (process.ppid !== parent) process.exit(1);
    }, 1000);
    process.stdout.write(`${port}\n`);
}

function implementation(provider: Provider) {
    return {
        getPluginInfo: unary<Empty, PluginInfo>(() => {
            const info = new PluginInfo();
            info.setVersion(provider.version);
            return Promise.resolve(info);
        }),

        checkConfig: unary<wire.CheckRequest, wire.CheckResponse>((request) => {
            const response = new wire.CheckResponse();
            response.setInputs(request.getNews());
            return Promise.resolve(response);
        }),

        diffConfig: unary<wire.DiffRequest, wire.DiffResponse>((request) => {
            const [old, wished] = [fromStruct(request.getOldInputs()), fromStruct(request.getNews())];
            const result = provider.diffConfig?.(old, wished);
            return Promise.resolve(result === undefined ? new wire.DiffResponse() : diffResponse(result));
        }),

        configure: unary<wire.ConfigureRequest, wire.ConfigureResponse>((request) => {
            provider.configure(fromStruct(request.getArgs()));
            const response = new wire.ConfigureResponse();
            response.setAcceptsecrets(provider.features.acceptSecrets ?? false);
            response.setAcceptresources(provider.features.acceptResources ?? false);
            response.setSupportspreview(true);
            response.setSupportsAutonamingConfiguration(true);
            return Promise.resolve(response);
        }),

        check: unary<wire.CheckRequest, wire.CheckResponse>(async (request) => {
            const autonaming = request.getAutonaming();
            const modes = ["propose", "enforce", "disable"] as const;
            const inputs = await provider.check({
                ...resource(request),
                oldInputs: fromStruct(request.getOlds()),
                inputs: fromStruct(request.getNews()),
                randomSeed: request.getRandomseed_asU8(),
                autonaming: autonaming && {
                    proposedName: autonaming.getProposedName(),
                    mode: modes[autonaming.getMode()],
                },
            });
            const response = new wire.CheckResponse();
            response.setInputs(toStruct(inputs));
            return response;
        }),

        diff: unary<wire.DiffRequest, wire.DiffResponse>(async (request) => {
            const result = await provider.diff({
                ...resource(request),
                id: request.getId(),
                oldState: fromStruct(request.getOlds()),
                inputs: fromStruct(request.getNews()),
                ignoreChanges: request.getIgnorechangesList(),
            });
            return diffResponse(result);
        }),

        create: unary<wire.CreateRequest, wire.CreateResponse>(async (request) => {
            const { id, state } = await provider.create({
                ...resource(request),
                inputs: fromStruct(request.getProperties()),
                preview: request.getPreview(),
                timeout: request.getTimeout(),
            });
            const response = new wire.CreateResponse();
            response.setId(id);
            response.setProperties(toStruct(state));
            return response;
        }),

        update: unary<wire.UpdateRequest, wire.UpdateResponse>(async (request) => {
            const state = await provider.update({
                ...resource(request),
                id: request.getId(),
                oldState: fromStruct(request.getOlds()),
                inputs: fromStruct(request.getNews()),
                preview: request.getPreview(),
                timeout: request.getTimeout(),
                ignoreChanges: request.getIgnorechangesList(),
            });
            const response = new wire.UpdateResponse();
            response.setProperties(toStruct(state));
            return response;
        }),

        read: unary<wire.ReadRequest, wire.ReadResponse>(async (request) => {
            const found = await provider.read({
                ...resource(request),
                id: request.getId(),
                inputs: fromStruct(request.getInputs()),
                state: fromStruct(request.getProperties()),
            });
            const response = new wire.ReadResponse();
            if (found === undefined) return response;
            response.setId(request.getId());
            response.setProperties(toStruct(found.state));
            response.setInputs(toStruct(found.inputs));
            return response;
        }),

        delete: unary<wire.DeleteRequest, Empty>(async (request) => {
            await provider.delete({
                ...resource(request),
                id: request.getId(),
                state: fromStruct(request.getProperties()),
                timeout: request.getTimeout(),
            });
            return new Empty();
        }),

        cancel: unary<Empty, Empty>(() => {
            provider.cancel();
            return Promise.resolve(new Empty());
        }),
    };
}

function diffResponse(result: DiffResult): wire.DiffResponse {
    const { DIFF_SOME, DIFF_NONE } = wire.DiffResponse.DiffChanges;
    const response = new wire.DiffResponse();
    response.setChanges(result.changed ? DIFF_SOME : DIFF_NONE);
    response.setReplacesList([...(result.replaces ?? [])]);
    response.setDeletebeforereplace(result.deleteBeforeReplace ?? false);
    response.setHasdetaileddiff(result.detailed !== undefined);
    for (const [path, { kind, inputDiff }] of result.detailed ?? []) {
        const entry = new wire.PropertyDiff();
        entry.setKind(wire.PropertyDiff.Kind[kind]);
        entry.setInputdiff(inputDiff);
        response.getDetaileddiffMap().set(path, entry);
    }
    return response;
}

function resource(request: { getUrn(): string; getType(): string; getName(): string }) {
    return { urn: request.getUrn(), type: request.getType(), name: request.getName() };
}

function unary<Request, Response>(handle: (request: Request) => Promise<Response>): handleUnaryCall<Request, Response> {
    return (call, callback) => {
        // The function's own throw is an answer too, hence the promise around it.
        Promise.resolve(call.request)
            .then(handle)
            .then(
                (response) => {
                    callback(null, response);
                },
                (error: unknown) => {
                    callback(serviceError(error));
                },
            );
    };
}

function serviceError(error: unknown): Partial<ServiceError> {
    const message = error instanceof Error ? error.message : String(error);
    if (!(error instanceof NotReady)) return { code: grpcStatus.UNKNOWN, details: message, message };

    const detail = new wire.ErrorResourceInitFailed();
    detail.setId(error.id);
    detail.setProperties(toStruct(error.state));
    detail.setReasonsList([...error.reasons]);
    if (error.inputs) detail.setInputs(toStruct(error.inputs));
    const any = new Any();
    any.pack(detail.serializeBinary(), "pulumirpc.ErrorResourceInitFailed");
    const status = new Status();
    status.setCode(grpcStatus.UNKNOWN);
    status.setMessage(message);
    status.addDetails(any);
    const metadata = new Metadata();
    metadata.add("grpc-status-details-bin", Buffer.from(status.serializeBinary()));
    return { code: grpcStatus.UNKNOWN, details: message, message, metadata };
}
