import type * as pulumi from "@pulumi/pulumi";
import type { Values } from "../keys";
import type { Reading } from "../read";
import { together } from "./relations";

/** A login at Docker Hub, to pull images with. */
export interface DockerHub {
    readonly username: string;
    /** Or an access token. */
    readonly password: pulumi.Output<string>;
    readonly email: string;
}

export function dockerHubFaults(reading: Reading): string[] {
    return together(reading, ["dockerHubUsername", "dockerHubPassword", "dockerHubEmail"]);
}

/** Nothing, if the images need no login. */
export function dockerHubOf(values: Values): DockerHub | undefined {
    const { dockerHubUsername: username, dockerHubPassword: password, dockerHubEmail: email } = values;
    return username !== undefined && password !== undefined && email !== undefined
        ? { username, password, email }
        : undefined;
}
