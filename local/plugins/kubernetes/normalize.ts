import { at, hasUnknown, isObject, mapValues, type Properties, type Value } from "../properties";
import { canonicalQuantity } from "./quantity";
import type { Kind } from "./kinds";

/** Fields of metadata that only the server writes. */
const readOnlyMetadata = new Set([
    ...["creationTimestamp", "deletionGracePeriodSeconds", "deletionTimestamp", "generation", "managedFields"],
    ...["resourceVersion", "uid"],
]);

/** Fields that hold the user's own keys, below which no field is known by its name. */
const maps = new Set([
    ...["annotations", "binaryData", "data", "labels", "matchLabels", "nodeSelector", "stringData", "volumeAttributes"],
    ...["capacity", "limits", "overhead", "requests"],
]);
const quantityMaps = new Set(["capacity", "limits", "overhead", "requests"]);
const quantities = new Set(["divisor", "sizeLimit"]);

/**
 * Fields that are left out where they hold nothing ("", 0, false, [], {}): in the Go types of k8s.io/api they are `omitempty`
 * and no pointers. All other empty values are kept, because they say something (`replicas: 0`, `emptyDir: {}`).
 */
const omittedWhenEmpty = new Set([
    ...["accessModes", "add", "annotations", "args", "binaryData", "capacity", "claims", "clusterIP", "clusterIPs"],
    ...[
        "command",
        "data",
        "dnsPolicy",
        "drop",
        "egress",
        "env",
        "envFrom",
        "ephemeralContainers",
        "except",
        "externalIPs",
    ],
    ...["externalName", "externalTrafficPolicy", "failureThreshold", "finalizers", "from", "generateName"],
    ...[
        "healthCheckNodePort",
        "host",
        "hostAliases",
        "hostIP",
        "hostIPC",
        "hostNetwork",
        "hostPID",
        "hostPort",
        "hostname",
    ],
    ...["hostnames", "httpHeaders", "imagePullPolicy", "imagePullSecrets", "ingress", "initContainers"],
    ...["initialDelaySeconds", "ipFamilies", "items", "labels", "limits", "loadBalancerIP", "loadBalancerSourceRanges"],
    ...["matchExpressions", "matchFields", "matchLabelKeys", "matchLabels", "medium", "minReadySeconds"],
    ...["mismatchLabelKeys", "mountOptions", "nameservers", "namespaces", "nodeName", "nodePort", "nodeSelector"],
    ...["options", "overhead", "ownerReferences", "paused", "periodSeconds", "persistentVolumeReclaimPolicy"],
    ...["podManagementPolicy", "policyTypes", "ports", "preferredDuringSchedulingIgnoredDuringExecution", "prefix"],
    ...["priorityClassName", "publishNotReadyAddresses", "readOnly", "readinessGates", "requests", "resizePolicy"],
    ...["resourceClaims", "schedulerName", "schedulingGates", "scheme", "searches", "secretName", "secrets"],
    ...["serviceAccount", "serviceAccountName", "sessionAffinity", "stdin", "stdinOnce", "stringData", "subPath"],
    ...["subPathExpr", "subdomain", "successThreshold", "supplementalGroups", "sysctls", "terminationMessagePath"],
    ...["terminationMessagePolicy", "timeoutSeconds", "to", "tolerations", "topologySpreadConstraints", "tty", "value"],
    ...["values", "volumeAttributes", "volumeClaimTemplates", "volumeDevices", "volumeMounts", "volumeName", "volumes"],
    ...["whenDeleted", "whenScaled", "workingDir"],
]);

/**
 * Inputs in the form in which the released plugin checks and stores them, so that two ways of writing the same are no difference.
 * With values that are not known yet they stay as they are written, but for the server's own metadata.
 */
export function normalize(inputs: Properties, kind: Kind): Properties {
    const normal = hasUnknown(inputs) ? { ...inputs } : fields(mergeStringData(inputs), kind);
    const metadata = at(normal, "metadata");
    if (isObject(metadata)) {
        normal.metadata = mapValues(metadata, (value, key) => (readOnlyMetadata.has(key) ? undefined : value));
    }
    return normal;
}

function mergeStringData(inputs: Properties): Properties {
    if (inputs.kind !== "Secret" || !isObject(inputs.stringData)) return inputs;
    const { stringData, ...rest } = inputs;
    const encoded = mapValues(stringData, (value) => Buffer.from(scalarText(value), "utf8").toString("base64"));
    return { ...rest, data: { ...(isObject(inputs.data) ? inputs.data : {}), ...encoded } };
}

function scalarText(value: Value): string {
    return typeof value === "object" ? JSON.stringify(value) : String(value);
}

function fields(object: Properties, kind: Kind): Properties {
    return mapValues(object, (value, key) => {
        if (isEmpty(value) && omitted(key, kind)) return undefined;
        if (quantities.has(key)) return quantity(value);
        if (key === "selector" && kind.kind === "Service") return value;
        if (maps.has(key)) return quantityMaps.has(key) && isObject(value) ? mapValues(value, quantity) : value;
        return below(value, kind);
    });
}

function below(value: Value, kind: Kind): Value {
    if (Array.isArray(value)) return value.map((item) => below(item, kind));
    return isObject(value) ? fields(value, kind) : value;
}

function quantity(value: Value): Value {
    // As the server does, quantities are strings even where the program writes a number.
    return typeof value === "string" || typeof value === "number" ? String(canonicalQuantity(value)) : value;
}

function isEmpty(value: Value): boolean {
    if (typeof value === "object") return Object.keys(value).length === 0;
    return value === "" || value === 0 || value === false;
}

function omitted(key: string, kind: Kind): boolean {
    // The same name is a pointer in one kind and none in another.
    if (key === "storageClassName") return kind.kind === "PersistentVolume";
    if (key === "selector") return kind.kind === "Service";
    return omittedWhenEmpty.has(key);
}
