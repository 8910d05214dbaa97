import { readOutputs } from "./outputs";
import { Refusal } from "./refusal";

/** One of the two engines. */
export interface Engine {
    /** Where its URL was read: an environment variable or an output. */
    readonly key: string;
    /** Where it takes websockets, without a slash at the end: ws://host:port. */
    readonly url: string;
}

/** How an engine is called in messages. */
export function nameOf({ key, url }: Engine): string {
    return `${key} ${url}`;
}

/**
 * The two engines of ENGINE1 and ENGINE2, else of the stack's outputs.
 *
 * @throws Refusal if one is given without the other, if they are equal, or if one is no URL.
 */
export async function findEngines(env: NodeJS.ProcessEnv = process.env): Promise<readonly [Engine, Engine]> {
    const { ENGINE1, ENGINE2 } = env;
    if (ENGINE1 && ENGINE2) {
        return twoEngines({ ENGINE1, ENGINE2 });
    }
    if (ENGINE1 || ENGINE2) {
        const [given, missing] = ENGINE1 ? ["ENGINE1", "ENGINE2"] : ["ENGINE2", "ENGINE1"];
        throw new Refusal(`${given} is "${ENGINE1 || ENGINE2}" and ${missing} is not set: set both, or none.`);
    }
    const { engine1Url, engine2Url } = await readOutputs(env);
    return twoEngines({ engine1Url, engine2Url });
}

function twoEngines(urls: Record<string, string>): readonly [Engine, Engine] {
    const [first, second] = Object.entries(urls).map(([key, value]) => ({ key, url: socketUrl(key, value) }));
    if (first.url === second.url) {
        throw new Refusal(`${first.key} and ${second.key} are the same engine, ${first.url}: the scenario needs two.`);
    }
    return [first, second];
}

/**
 * The websocket URL that a value means: ws://, wss://, http://, https:// or host:port, perhaps with a path in front of the
 * engine's own.
 *
 * @throws Refusal if it means none.
 */
export function socketUrl(key: string, value: string): string {
    const schemes: Record<string, string> = { "ws:": "ws:", "http:": "ws:", "wss:": "wss:", "https:": "wss:" };
    const absolute = /^[^/]+:\d+(\/|$)/.test(value) ? `ws://${value}` : value;
    const parsed = URL.canParse(absolute) ? new URL(absolute) : undefined;
    const scheme = parsed && schemes[parsed.protocol];
    if (parsed === undefined || scheme === undefined || parsed.search !== "" || parsed.hash !== "") {
        throw new Refusal(
            `${key} must be ws://, wss://, http:// or https:// and a host, or host:port, and is "${value}".`,
        );
    }
    return `${scheme}//${parsed.host}${parsed.pathname.replace(/\/+$/, "")}`;
}

/** The members of an engine's health that are looked at here. Only the stand-in has `sync`. */
interface Health {
    readonly session: { readonly active: number };
    readonly sync?: { readonly rules?: { readonly error?: string | null } };
}

/**
 * Makes sure that an engine answers, by its /health, and that it uses the rules that it was given.
 *
 * @throws Refusal if nothing answers there within 5 s, or something that is no engine, or one that can't read its rules.
 */
export async function expectHealth(engine: Engine): Promise<void> {
    const url = `${engine.url.replace(/^ws/, "http")}/health`;
    let response: Response;
    let text: string;
    try {
        response = await fetch(url, { signal: AbortSignal.timeout(5000) });
        text = await response.text();
    } catch (error) {
        throw new Refusal(`${engine.key} is "${engine.url}", and nothing answers there (${reasonOf(error)}).`);
    }
    const health = response.ok ? readHealth(text) : undefined;
    if (health === undefined) {
        const answer = `${response.status} ${text.slice(0, 100)}`;
        throw new Refusal(
            `${engine.key} is "${engine.url}", and what answers there has no engine's health: ${url} says ${answer}.`,
        );
    }
    const problem = health.sync?.rules?.error;
    if (problem) {
        throw new Refusal(`${engine.key} is "${engine.url}", and the engine can't use its access rules: ${problem}`);
    }
}

function readHealth(text: string): Health | undefined {
    try {
        const health = JSON.parse(text) as Health;
        return typeof health.session.active === "number" ? health : undefined;
    } catch {
        return undefined;
    }
}

/** fetch hides the reason behind "fetch failed". */
function reasonOf(error: unknown): string {
    const { cause } = error as { cause?: { code?: string; message?: string } };
    return cause?.code ?? cause?.message ?? (error as Error).message;
}
