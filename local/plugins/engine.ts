import { credentials } from "@grpc/grpc-js";
import { EngineClient } from "@pulumi/pulumi/proto/engine_grpc_pb";
import { LogRequest, LogSeverity } from "@pulumi/pulumi/proto/engine_pb";

export type Severity = "info" | "warning";

const severities: Record<Severity, LogSeverity> = {
    info: LogSeverity.INFO,
    warning: LogSeverity.WARNING,
};

/** What a plugin tells the user: the engine shows it beside the resource. */
export interface Log {
    /** The resource's momentary state, in its row of the display; the empty text takes it away. */
    status(urn: string, severity: Severity, text: string): Promise<void>;
}

/** The engine's log service. A message that cannot be delivered is dropped: it must never fail an operation. */
export function engineLog(address: string): Log {
    const client = new EngineClient(address, credentials.createInsecure());
    return {
        status: (urn, severity, text) =>
            new Promise((resolve) => {
                const request = new LogRequest();
                request.setUrn(urn);
                request.setSeverity(severities[severity]);
                request.setMessage(text);
                request.setEphemeral(true);
                client.log(request, () => {
                    resolve();
                });
            }),
    };
}
