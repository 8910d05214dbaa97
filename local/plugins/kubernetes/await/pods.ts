import { at, isObject, listAt, numberAt, stringAt, type Properties, type Value } from "../../properties";
import type { WatchEvent } from "../client";
import { idOf, nameOf } from "../metadata";

export function isOwnedBy(object: Properties, owner: Properties | undefined): boolean {
    const uid = stringAt(owner, "metadata", "uid");
    return (
        uid !== "" &&
        listAt(object, "metadata", "ownerReferences").some((reference) => stringAt(reference, "uid") === uid)
    );
}

/** The condition of a type in `status.conditions`. */
export function condition(object: Properties | undefined, type: string): Properties | undefined {
    return listAt(object, "status", "conditions")
        .filter(isObject)
        .find((each) => each.type === type);
}

/** Keeps objects by name, as their events tell. */
export function keep(objects: Map<string, Properties>, { type, object }: WatchEvent): void {
    if (type === "DELETED") objects.delete(nameOf(object));
    else objects.set(nameOf(object), object);
}

/** Why a pod is not ready, in the words of scheduler and kubelet: `[Pod namespace/name]: …`; undefined if nothing is wrong. */
export function podProblem(pod: Properties): string | undefined {
    for (const type of ["PodScheduled", "Initialized", "Ready"]) {
        const found = condition(pod, type);
        if (found === undefined) return undefined;
        if (found.status === "True" || (type === "Ready" && stringAt(pod, "status", "phase") === "Succeeded")) continue;

        const message = found.reason === undefined ? "" : stringAt(found, "message");
        const statuses = [
            ...listAt(pod, "status", "initContainerStatuses"),
            ...listAt(pod, "status", "containerStatuses"),
        ];
        const containers = statuses.flatMap(containerProblems).join("\n");
        return message + containers === "" ? undefined : `[Pod ${idOf(pod)}]: ${message}${containers}`;
    }
    return undefined;
}

function containerProblems(container: Value): string[] {
    if (at(container, "ready") === true) return [];
    const problems: string[] = [];
    const waiting = at(container, "state", "waiting");
    const waitingFor = stringAt(waiting, "reason");
    if (waiting !== undefined && waitingFor !== "ContainerCreating" && waitingFor !== "PodInitializing") {
        problems.push(`[${waitingFor}] ${stringAt(waiting, "message")}`);
    }
    const terminated = at(container, "state", "terminated");
    const reason = stringAt(terminated, "reason");
    const name = stringAt(container, "name");
    if (reason !== "") {
        const message = stringAt(terminated, "message");
        problems.push(
            message === ""
                ? `container "${name}" completed with exit code ${numberAt(terminated, "exitCode")}`
                : `[${reason}] ${message}`,
        );
    }
    const last = at(container, "lastState", "terminated");
    if (last !== undefined) {
        const how = `${stringAt(last, "reason")}: exit code ${numberAt(last, "exitCode")}`;
        problems.push(`container "${name}" terminated at ${stringAt(last, "finishedAt")} (${how})`);
        if (stringAt(last, "message") !== "") problems.push(stringAt(last, "message"));
    }
    return problems;
}
