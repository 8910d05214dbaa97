import { at, listAt, stringAt, type Properties } from "../../properties";
import { nameOf, namespaceOf } from "../metadata";
import type { MakeRule } from "./rule";

const settleMilliseconds = 10_000;

/** Ready when a LoadBalancer has its address, and no endpoint is unready for a while; having none is no fault. */
export const serviceRule: MakeRule = ({ object, status }) => {
    const type = stringAt(object, "spec", "type");
    const hasEndpoints =
        type !== "ExternalName" &&
        stringAt(object, "spec", "clusterIP") !== "None" &&
        at(object, "spec", "selector") !== undefined;
    let service = object;
    let endpoints: Properties | undefined;
    let lastChange = Date.now();

    const hasAddress = () => type !== "LoadBalancer" || listAt(service, "status", "loadBalancer", "ingress").length > 0;
    const allReady = () =>
        !hasEndpoints ||
        listAt(endpoints, "subsets").every((subset) => listAt(subset, "notReadyAddresses").length === 0);
    const settledDown = () => !hasEndpoints || Date.now() - lastChange >= settleMilliseconds;

    return {
        timeoutSeconds: 600,
        settles: true,
        collections: [
            {
                path: `/api/v1/namespaces/${namespaceOf(object)}/services`,
                name: nameOf(object),
                observe: (event) => {
                    service = event.object;
                },
            },
            {
                path: `/api/v1/namespaces/${namespaceOf(object)}/endpoints`,
                name: nameOf(object),
                observe: (event) => {
                    endpoints = event.type === "DELETED" ? undefined : event.object;
                    lastChange = Date.now();
                },
            },
        ],
        ready: (settled) => {
            if (hasAddress() && allReady() && (settled || settledDown())) {
                status("info", "Service initialization complete");
                return true;
            }
            if (!hasAddress()) status("info", "Attempting to allocate IP address to Service");
            else status("info", "Finding Pods to direct traffic to");
            return false;
        },
        reasons: () => [
            ...(allReady() ? [] : ["Service does not target any Pods. Selected Pods may not be ready"]),
            ...(hasAddress()
                ? []
                : ["Service was not allocated an IP address; does your cloud provider support this?"]),
        ],
    };
};
