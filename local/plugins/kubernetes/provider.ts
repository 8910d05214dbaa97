import { setMaxListeners } from "node:events";
import type { Log } from "../engine";
import type { Provider } from "../provider";
import type { Properties } from "../properties";
import { isComplete } from "./await/job";
import { check } from "./check";
import { makeClient, type Client } from "./client";
import { create } from "./create";
import { remove } from "./delete";
import { diff } from "./diff";
import { kindOf } from "./kinds";
import { nameOf, namespaceOf } from "./metadata";
import { objectPath, readObject } from "./objects";
import { operation } from "./operation";
import { read } from "./read";
import { diffConfig, readSettings, type Settings } from "./settings";
import { update } from "./update";

/** Stands in for the released kubernetes plugin, for the kinds in kinds.ts, with the same state. */
export function kubernetesProvider(version: string, log: Log): Provider {
    const cancelled = new AbortController();
    // Everything that is under way listens to it; that many is no leak.
    setMaxListeners(0, cancelled.signal);
    let settings: Settings | undefined;
    let client: Client | undefined;

    const configured = () => {
        if (settings === undefined) throw new Error("the kubernetes plugin was not configured");
        return settings;
    };
    const connected = () => (client ??= makeClient(configured().kubeConfig(), cancelled.signal));
    const start = (request: { readonly urn: string; readonly type: string }) => {
        // First of all, so that an unknown kind is no matter of the cluster.
        kindOf(request.type);
        return operation(request, { client: connected(), signal: cancelled.signal }, log);
    };

    return {
        version,
        features: { acceptSecrets: true },
        diffConfig,
        configure: (config: Properties) => {
            settings = readSettings(config);
        },
        check: (request) => Promise.resolve().then(() => check(request, configured())),
        diff: (request) =>
            diff(request, configured(), async (live) => {
                const path = objectPath(kindOf(request.type), namespaceOf(live), nameOf(live));
                const job = await readObject(connected(), path).catch(() => undefined);
                // A Job that is gone, or that nobody can see now, is no reason to make a new one.
                return job === undefined || isComplete(job);
            }),
        create: async (request) => create(request, start(request)),
        update: async (request) => update(request, start(request)),
        read: async (request) => read(request, start(request)),
        delete: async (request) => remove(request, start(request)),
        cancel: () => {
            cancelled.abort();
        },
    };
}
