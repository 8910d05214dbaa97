import { hasUnknown, withoutSecrets, type Properties } from "../properties";
import { NotReady, type CreateRequest } from "../provider";
import { ApiError } from "./client";
import { collectionPath } from "./kinds";
import { idOf, nameOf, namespaceOf } from "./metadata";
import { creationManager, objectPath, readObject } from "./objects";
import { awaitReady, type Operation } from "./operation";
import { newFieldManager, readState, writeState } from "./state";

/**
 * Creates the object and waits until it is ready. A preview asks the server what it would become, where that can be asked.
 *
 * @throws {NotReady} if it was created, but does not become ready.
 */
export async function create(request: CreateRequest, operation: Operation): Promise<{ id: string; state: Properties }> {
    const { client, kind } = operation;
    const inputs = withoutSecrets(request.inputs);
    const initialApiVersion = kind.apiVersion;
    const fieldManager = readState({ __fieldManager: newFieldManager() }, inputs).fieldManager;
    const asState = (live: Properties) => writeState({ inputs, live, initialApiVersion, fieldManager }, request.inputs);
    const path = collectionPath(kind, namespaceOf(inputs) || "default");
    const body = { type: "application/json", value: inputs };

    if (request.preview) {
        if (hasUnknown(inputs)) return { id: "", state: request.inputs };
        try {
            const planned = await client.request("POST", path, { fieldManager: creationManager, dryRun: "All" }, body);
            // A program that reads a status would take an empty one for the real one.
            delete planned.status;
            return { id: "", state: asState(planned) };
        } catch (error) {
            if (error instanceof ApiError && cannotBePreviewed(error)) return { id: "", state: request.inputs };
            throw failed(request.urn, error);
        }
    }

    const created = await client
        .request("POST", path, { fieldManager: creationManager }, body)
        .catch((error: unknown) => {
            throw failed(request.urn, error);
        });
    await operation.clearStatus();
    const unready = await awaitReady(operation, { inputs, object: created, timeout: request.timeout });
    const live =
        (await readObject(client, objectPath(kind, namespaceOf(created), nameOf(created))).catch(() => undefined)) ??
        created;
    if (unready) {
        const reason =
            `resource ${JSON.stringify(request.urn)} was successfully created, but the Kubernetes API server ` +
            `reported that it failed to fully initialize or become live: ${unready.message}`;
        throw new NotReady(idOf(live), asState(live), [reason, ...unready.reasons]);
    }
    await operation.clearStatus();
    return { id: idOf(live), state: asState(live) };
}

/** Its namespace is to come, or it is to be replaced by one of the same name, or the user may not try. */
function cannotBePreviewed({ code, reason, details }: ApiError): boolean {
    const missingNamespace = reason === "NotFound" && details.kind === "namespaces";
    return missingNamespace || reason === "AlreadyExists" || code === 403;
}

function failed(urn: string, error: unknown): Error {
    const cause = error instanceof Error ? error.message : String(error);
    return new Error(
        `resource ${JSON.stringify(urn)} was not successfully created by the Kubernetes API server: ${cause}`,
    );
}
