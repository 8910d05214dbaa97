import { at, numberAt, stringAt, type Properties } from "../../properties";
import { idOf, nameOf, namespaceOf } from "../metadata";
import { condition, isOwnedBy, podProblem } from "./pods";
import type { MakeRule } from "./rule";

export function isComplete(job: Properties | undefined): boolean {
    return at(job, "status", "startTime") !== undefined && condition(job, "Complete")?.status === "True";
}

/** Ready when the Job is Complete; Failed ends the wait at once, with what its pods said last. */
export const jobRule: MakeRule = ({ object, status }) => {
    let job: Properties | undefined;
    /** All that went wrong on the way, in order: a pod's own message outlives the pod. */
    const problems: string[] = [];
    const failure = () => condition(job, "Failed");

    return {
        timeoutSeconds: 600,
        collections: [
            {
                path: `/apis/batch/v1/namespaces/${namespaceOf(object)}/jobs`,
                name: nameOf(object),
                observe: (event) => {
                    job = event.type === "DELETED" ? undefined : event.object;
                },
            },
            {
                path: `/api/v1/namespaces/${namespaceOf(object)}/pods`,
                observe: (event) => {
                    if (event.type === "DELETED" || !isOwnedBy(event.object, object)) return;
                    const problem = podProblem(event.object);
                    if (problem === undefined || problems.includes(problem)) return;
                    problems.push(problem);
                    // Every pod is unready at first, which is no news.
                    if (!problem.endsWith("]") || !problem.includes("containers with unready status"))
                        status("warning", problem);
                },
            },
        ],
        ready: () => {
            if (isComplete(job)) return true;
            const waiting = `Waiting for Job "${idOf(object)}" to`;
            if (at(job, "status", "startTime") === undefined) {
                status("info", `${waiting} start`);
            } else {
                const count = (field: string) => numberAt(job, "status", field);
                const counts = `Active: ${count("active")} | Succeeded: ${count("succeeded")} | Failed: ${count("failed")}`;
                status("info", `${waiting} succeed (${counts})`);
            }
            return false;
        },
        failed: () => failure()?.status === "True",
        reasons: () => {
            const failed = failure();
            const why = failed && [`[${stringAt(failed, "reason")}] ${stringAt(failed, "message")}`];
            return [...problems, ...(why ?? [])];
        },
    };
};
