import { hasUnknown, listAt, withoutSecrets, type Properties } from "../properties";
import { NotReady, type UpdateRequest } from "../provider";
import { Unready } from "./await/wait";
import { ApiError, type Client } from "./client";
import { isCreatedByUpdate, takeOverFields } from "./fieldManagers";
import { annotation, idOf, nameOf, namespaceOf } from "./metadata";
import { normalize } from "./normalize";
import { objectPath, readObject } from "./objects";
import { awaitReady, type Operation } from "./operation";
import { readState, writeState } from "./state";
import { keepIgnored } from "./ignoreChanges";

/**
 * Applies the inputs to the object and waits until it is ready. A preview asks the server what it would become.
 *
 * @throws {NotReady} if it was not applied, or does not become ready: the object as it is is recorded, and the next update tries again.
 */
export async function update(request: UpdateRequest, operation: Operation): Promise<Properties> {
    const { client, kind } = operation;
    const inputs = normalize(withoutSecrets(request.inputs), kind);
    if (request.preview && hasUnknown(inputs)) return request.inputs;

    const old = readState(request.oldState, inputs);
    const asState = (live: Properties) => writeState({ ...old, inputs, live }, request.inputs);
    const path = objectPath(kind, namespaceOf(old.live), nameOf(old.live));

    let unready: Unready | undefined;
    try {
        const before = await client.request("GET", path);
        const applied = await apply(client, path, before, inputs, old.fieldManager, request);
        if (request.preview) return asState(applied);
        await operation.clearStatus();
        unready = await awaitReady(operation, { inputs, object: applied, previous: before, timeout: request.timeout });
    } catch (error) {
        if (request.preview) {
            if (error instanceof ApiError && error.code === 403) return request.inputs;
            throw error;
        }
        unready = new Unready(error instanceof Error ? error.message : String(error), []);
    }
    const live = await readObject(client, path).catch((error: unknown) => {
        const cause = error instanceof Error ? error.message : String(error);
        throw new Error(`update of resource ${JSON.stringify(request.urn)} failed: ${unready?.message ?? cause}`);
    });
    if (live === undefined) throw new Error(`update of resource ${JSON.stringify(request.urn)} failed: it is gone`);
    if (unready) {
        const reason =
            `the Kubernetes API server reported that ${JSON.stringify(idOf(live))} failed to fully initialize ` +
            `or become live: ${unready.message}`;
        throw new NotReady(idOf(live), asState(live), [reason, ...unready.reasons]);
    }
    await operation.clearStatus();
    return asState(live);
}

async function apply(
    client: Client,
    path: string,
    before: Properties,
    inputs: Properties,
    fieldManager: string,
    { preview, ignoreChanges }: UpdateRequest,
): Promise<Properties> {
    // A preview must not change who owns what, so there the server is told not to mind.
    const live = preview ? before : await takeOverFields(client, path, before, fieldManager);
    const force =
        annotation(inputs, "pulumi.com/patchForce") === "true" ||
        listAt(live, "metadata", "managedFields").length === 0 ||
        (preview && isCreatedByUpdate(live));
    const query = { fieldManager, force: String(force), ...(preview && { dryRun: "All" }) };
    const value = keepIgnored(inputs, live, ignoreChanges);
    try {
        return await client.request("PATCH", path, query, { type: "application/apply-patch+yaml", value });
    } catch (error) {
        if (!(error instanceof ApiError) || error.reason !== "Conflict") throw error;
        throw new Error(
            "Server-Side Apply field conflict detected: another manager owns a field that the program sets.\n" +
                `The resource managed by field manager "${fieldManager}" had an apply conflict: ${error.message}`,
        );
    }
}
