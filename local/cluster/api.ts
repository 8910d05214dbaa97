import { readFile } from "node:fs/promises";
import { request, type RequestOptions } from "node:https";
import { get as getPlain } from "node:http";
import { parse } from "yaml";
import { machine } from "../machine/paths";
import { apiServerUrls } from "./settings";

interface Answer {
    readonly status: number;
    readonly body: string;
}

function get(url: string, options: RequestOptions): Promise<Answer> {
    return new Promise((resolve, reject) => {
        const send = url.startsWith("https:") ? request : getPlain;
        const sent = send(url, { ...options, timeout: 3000, agent: false }, (response) => {
            let body = "";
            response.setEncoding("utf8").on("data", (text: string) => (body += text));
            response.on("end", () => resolve({ status: response.statusCode ?? 0, body }));
            response.on("error", reject);
        });
        sent.on("timeout", () => sent.destroy(new Error(`${url} gave no answer in 3 s`)));
        sent.on("error", reject);
        sent.end();
    });
}

/** Whether a component on loopback says that it is ready. Nothing secret is sent, so its certificate does not matter. */
export async function isHealthy(url: string): Promise<boolean> {
    try {
        return (await get(url, { rejectUnauthorized: false })).status === 200;
    } catch {
        return false;
    }
}

interface AdminKubeconfig {
    clusters: { cluster: { "certificate-authority-data": string } }[];
    users: { user: { "client-certificate-data": string; "client-key-data": string } }[];
}

/** Reads an object of the cluster, as its admin; undefined if it can't be had. */
export async function readObject<T>(path: string): Promise<T | undefined> {
    try {
        const { clusters, users } = parse(await readFile(machine.kubeconfig, "utf8")) as AdminKubeconfig;
        const decode = (text: string) => Buffer.from(text, "base64");
        const { status, body } = await get(`${apiServerUrls.machine}${path}`, {
            ca: decode(clusters[0].cluster["certificate-authority-data"]),
            cert: decode(users[0].user["client-certificate-data"]),
            key: decode(users[0].user["client-key-data"]),
        });
        return status === 200 ? (JSON.parse(body) as T) : undefined;
    } catch {
        return undefined;
    }
}
