import type * as pulumi from "@pulumi/pulumi";
import type { Values } from "../keys";
import type { Reading } from "../read";
import { excludes, together } from "./relations";

/** The one user that the broker has. */
export type BrokerLogin =
    /** The broker's own name, and a password that is made once. */
    | { readonly kind: "random" }
    /** guest/guest, for engines that can log in with nothing else. */
    | { readonly kind: "guest" }
    | { readonly kind: "given"; readonly username: string; readonly password: pulumi.Output<string> };

export function brokerLoginFaults(reading: Reading): string[] {
    const keys = ["brokerUsername", "brokerPassword"] as const;
    return reading.values.brokerLogin === "guest"
        ? excludes(reading, "brokerLogin", "guest", keys)
        : together(reading, keys);
}

export function brokerLoginOf({ brokerLogin, brokerUsername, brokerPassword }: Values): BrokerLogin {
    return brokerUsername !== undefined && brokerPassword !== undefined
        ? { kind: "given", username: brokerUsername, password: brokerPassword }
        : { kind: brokerLogin };
}
