import { at, isObject, mapValues, withoutSecrets, type Properties } from "../properties";
import { NotReady, type ReadRequest } from "../provider";
import { checkReady, Unready } from "./await/wait";
import { fromId } from "./metadata";
import { normalize } from "./normalize";
import { objectPath, readObject } from "./objects";
import { skipsAwait, type Operation } from "./operation";
import { prune } from "./prune";
import { markSecrets, readState, writeState } from "./state";

/**
 * The object as it is now.
 *
 * @returns undefined if it is gone.
 * @throws {NotReady} if it is there, but not ready.
 */
export async function read(
    request: ReadRequest,
    operation: Operation,
): Promise<{ state: Properties; inputs: Properties } | undefined> {
    const { client, kind } = operation;
    const { namespace, name } = fromId(request.id);
    const live = await readObject(client, objectPath(kind, namespace, name));
    if (live === undefined) return undefined;

    const oldInputs = normalize(withoutSecrets(request.inputs), kind);
    const isImport = Object.keys(oldInputs).length === 0;
    const unready = isImport ? undefined : await readiness(operation, oldInputs, live);
    const inputs = isImport ? importedInputs(live, kind) : prune(live, oldInputs);
    const { initialApiVersion, fieldManager } = readState(request.state, inputs);
    const state = writeState({ inputs, live, initialApiVersion, fieldManager }, request.inputs);
    const readInputs = markSecrets(inputs, request.inputs);
    if (unready) throw new NotReady(request.id, state, [unready.message, ...unready.reasons], readInputs);
    return { state, inputs: readInputs };
}

async function readiness(
    { kind, client, status, clearStatus }: Operation,
    inputs: Properties,
    object: Properties,
): Promise<Unready | undefined> {
    if (kind.rule === undefined || !kind.readsReadiness || skipsAwait(inputs)) return undefined;
    try {
        await checkReady({ client, object, rule: await kind.rule({ object, client, status }) });
        await clearStatus();
        return undefined;
    } catch (error) {
        if (error instanceof Unready) return error;
        throw error;
    }
}

/** What a program would have to say to get this object. */
function importedInputs(live: Properties, kind: Operation["kind"]): Properties {
    const inputs = normalize(live, kind);
    delete inputs.status;
    const annotations = at(inputs, "metadata", "annotations");
    if (isObject(annotations) && isObject(inputs.metadata)) {
        const foreign = ["deployment.kubernetes.io/revision", "kubectl.kubernetes.io/last-applied-configuration"];
        inputs.metadata.annotations = mapValues(annotations, (value, key) =>
            foreign.includes(key) ? undefined : value,
        );
    }
    return inputs;
}
