import { KubeConfig } from "@kubernetes/client-node";
import { existsSync } from "node:fs";
import { homedir } from "node:os";
import { delimiter, join } from "node:path";
import type { DiffResult } from "../provider";
import { at, withoutSecrets, type Properties } from "../properties";

/** The provider's configuration, as far as this plugin goes by it; other keys are accepted and have no effect. */
export interface Settings {
    readonly configMapMutable: boolean;
    /** Namespace of namespaced objects that name none. */
    readonly namespace: string;
    /** @throws with one sentence if there is no usable kubeconfig or no such context. */
    readonly kubeConfig: () => KubeConfig;
}

/** @param config values of `kubernetes:*`: strings, or JSON in strings. */
export function readSettings(config: Properties): Settings {
    const values = withoutSecrets(config);
    if (!flag(values, "enableServerSideApply", true)) {
        throw new Error(
            "kubernetes:enableServerSideApply cannot be false here: the local kubernetes plugin has no other way",
        );
    }
    const context = text(values, "context");
    const load = () => loadKubeConfig(text(values, "kubeconfig"), context);
    return {
        configMapMutable: flag(values, "enableConfigMapMutable", false),
        namespace: text(values, "namespace") || namespaceOf(load),
        kubeConfig: load,
    };
}

/** A configuration that leads to another cluster replaces every object. */
export function diffConfig(old: Properties, wished: Properties): DiffResult {
    const [before, after] = [withoutSecrets(old), withoutSecrets(wished)];
    const keys = new Set([...Object.keys(before), ...Object.keys(after)]);
    const changed = [...keys].filter((key) => JSON.stringify(before[key]) !== JSON.stringify(after[key]));
    const leading = changed.filter((key) => key === "kubeconfig" || key === "context");
    const [from, to] = [serverOf(before), serverOf(after)];
    const moves = leading.length > 0 && from !== undefined && to !== undefined && from !== to;
    return { changed: changed.length > 0, replaces: moves ? leading : [] };
}

/** @returns undefined if there is none to be found. */
function serverOf(values: Properties): string | undefined {
    try {
        return loadKubeConfig(text(values, "kubeconfig"), text(values, "context")).getCurrentCluster()?.server;
    } catch {
        return undefined;
    }
}

function text(values: Properties, key: string): string {
    const value = at(values, key);
    if (value === undefined) return "";
    if (typeof value !== "string") throw new Error(`kubernetes:${key} must be a string, not ${typeof value}`);
    return value;
}

function flag(values: Properties, key: string, usual: boolean): boolean {
    const value = at(values, key);
    if (value === undefined || value === "") return usual;
    if (value === true || value === "true") return true;
    if (value === false || value === "false") return false;
    throw new Error(`kubernetes:${key} must be true or false, not ${JSON.stringify(value)}`);
}

/** Files of $KUBECONFIG as Kubernetes' own clients read them: of two equal names the first counts, a missing file is skipped. */
function loadList(list: string): KubeConfig {
    const merged = new KubeConfig();
    const add = <T extends { name: string }>(all: T[], more: readonly T[]) => {
        all.push(...more.filter(({ name }) => !all.some((known) => known.name === name)));
    };
    for (const file of list.split(delimiter).filter((path) => existsSync(path))) {
        const next = new KubeConfig();
        next.loadFromFile(file);
        add(merged.clusters, next.clusters);
        add(merged.users, next.users);
        add(merged.contexts, next.contexts);
        merged.currentContext ||= next.currentContext;
    }
    return merged;
}

/** @param source a file's path, `~` included, or the contents of one; empty: $KUBECONFIG or the user's own. */
function loadKubeConfig(source: string, context: string): KubeConfig {
    let config = new KubeConfig();
    const list = process.env.KUBECONFIG ?? "";
    const path = source.startsWith("~/") ? join(homedir(), source.slice(2)) : source;
    try {
        if (source === "" && list !== "") config = loadList(list);
        else if (source === "") config.loadFromDefault();
        else if (existsSync(path)) config.loadFromFile(path);
        else if (/[{\n]/.test(source)) config.loadFromString(source);
        else throw new Error(`there is no file ${path}`);
    } catch (error) {
        const [cause] = (error instanceof Error ? error.message : String(error)).split("\n");
        // A YAML parser's further lines show the text around the mistake, which may be a key.
        throw new Error(`kubernetes:kubeconfig cannot be read: ${cause}`);
    }
    if (context !== "") config.setCurrentContext(context);
    if (!config.getCurrentCluster()) {
        const known = config.getContexts().map(({ name }) => name);
        throw new Error(
            `the kubeconfig has no context ${JSON.stringify(config.getCurrentContext())}; it has ${known.join(", ") || "none"}`,
        );
    }
    return config;
}

function namespaceOf(load: () => KubeConfig): string {
    try {
        const config = load();
        return config.getContextObject(config.getCurrentContext())?.namespace ?? "default";
    } catch {
        // Configure must not fail on it: the first call that needs the server says what is wrong.
        return "default";
    }
}
