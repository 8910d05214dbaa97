import { ApiError, type Client } from "./client";
import { collectionPath, type Kind } from "./kinds";
import type { Properties } from "../properties";

/** Manager of the fields of objects that are created; the first update takes them over, see update.ts. */
export const creationManager = "pulumi-kubernetes";

/** An object's own path. */
export function objectPath(kind: Kind, namespace: string, name: string): string {
    return `${collectionPath(kind, namespace || "default")}/${name}`;
}

/** @returns undefined if there is none. */
export async function readObject(client: Client, path: string): Promise<Properties | undefined> {
    try {
        return await client.request("GET", path);
    } catch (error) {
        if (isNotFound(error)) return undefined;
        throw error;
    }
}

export function isNotFound(error: unknown): boolean {
    return error instanceof ApiError && error.code === 404;
}
