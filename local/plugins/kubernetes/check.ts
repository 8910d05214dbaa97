import { createHash } from "node:crypto";
import { at, isObject, withoutSecrets, type Properties } from "../properties";
import type { CheckRequest } from "../provider";
import { kindOf } from "./kinds";
import { annotation, autonamed, nameOf, namespaceOf, withMetadata } from "./metadata";
import { normalize } from "./normalize";
import type { Settings } from "./settings";
import { markSecrets } from "./state";

/** Inputs made ready for all that follows: normal form, a name, a namespace. Needs no server. */
export function check(request: CheckRequest, settings: Settings): Properties {
    const kind = kindOf(request.type);
    let inputs = normalize(withoutSecrets(request.inputs), kind);
    const metadata = at(inputs, "metadata");
    if (metadata !== undefined && !isObject(metadata)) return markSecrets(inputs, request.inputs);

    if (at(inputs, "metadata", "generateName") !== undefined) {
        throw new Error(
            `metadata.generateName of ${request.urn} cannot be used with server-side apply: leave the name out instead`,
        );
    }
    if (nameOf(inputs) === "") {
        const old = withoutSecrets(request.oldInputs);
        const name = Object.keys(old).length > 0 ? oldAutoname(old) : newName(request);
        if (name !== undefined) inputs = withMetadata(inputs, { name, annotations: { [autonamed]: "true" } });
    }
    if (kind.namespaced && namespaceOf(inputs) === "") inputs = withMetadata(inputs, { namespace: settings.namespace });
    return markSecrets(inputs, request.inputs);
}

function oldAutoname(old: Properties): string | undefined {
    return annotation(old, autonamed) === "true" && nameOf(old) !== "" ? nameOf(old) : undefined;
}

/** `<name>-<8 hex digits>`, the digits from the seed: a preview and its update agree. */
function newName({ urn, name, randomSeed, autonaming }: CheckRequest): string {
    if (autonaming?.mode === "disable")
        throw new Error(`metadata.name of ${urn} must be given: automatic names are switched off`);
    if (autonaming) return autonaming.proposedName;
    return `${name}-${createHash("sha256").update(randomSeed).digest("hex").slice(0, 8)}`;
}
