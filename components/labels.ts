import * as pulumi from "@pulumi/pulumi";
import { stackLabel } from "./stackLabel";

/** Labels that pods are selected by. They can't change without replacing what selects, so they are as few as possible. */
export function selectorLabels(name: string, instance: string): Record<string, string> {
    return { "app.kubernetes.io/name": name, "app.kubernetes.io/instance": instance };
}

/** All labels of an object and of a pod: what selects it, and what it belongs to. */
export function labels(name: string, instance: string): Record<string, string> {
    return { ...selectorLabels(name, instance), ...commonLabels() };
}

/** Those of what is no part of the program by itself, as a namespace. */
export function commonLabels(): Record<string, string> {
    return { "app.kubernetes.io/part-of": "document-sync", [stackLabel]: pulumi.getStack() };
}

/** Selects the pods of every instance, as a network policy does. */
export function allInstances(name: string): Record<string, string> {
    return { "app.kubernetes.io/name": name };
}
