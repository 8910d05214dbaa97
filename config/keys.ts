import * as z from "zod";
import { brokerImage } from "./schemas/brokerImage";
import { engineVersion } from "./schemas/engineVersion";
import { host } from "./schemas/host";
import { hostPath } from "./schemas/hostPath";
import { image } from "./schemas/image";
import { brokerPassword, brokerUsername, dockerHubEmail, dockerHubPassword, dockerHubUsername } from "./schemas/logins";
import { volumeSize } from "./schemas/quantity";
import { allowRules, denyRules } from "./schemas/rules";
import { optional, secret, wholeNumber } from "./schemas/schema";

const nodePortError = "must be a port from 30000 to 32767, or 0";
/** The range that Kubernetes gives node ports from unless the cluster's operator changed it; 0 lets the cluster choose. */
const nodePort = z.union([z.literal("0").transform(() => undefined), wholeNumber(30000, 32767, nodePortError)], {
    error: nodePortError,
});

/** Every key of Pulumi.yaml, which has their meanings and defaults, and how its text is read. */
export const keys = {
    acceptEula: z.literal("true", {
        error: "must be true, since engines run only for those who accept the licence of their image",
    }),
    hostPath,
    documentsSize: volumeSize,
    engineImage: image,
    engineVersion,
    brokerImage,
    brokerLogin: z.enum(["random", "guest"], { error: "must be random or guest" }),
    brokerUsername: optional(brokerUsername),
    brokerPassword: secret(brokerPassword),
    allowRules,
    denyRules,
    dockerHubUsername: optional(dockerHubUsername),
    dockerHubPassword: secret(dockerHubPassword),
    dockerHubEmail: optional(dockerHubEmail),
    exposure: z.enum(["nodePort", "clusterIP"], { error: "must be nodePort or clusterIP" }),
    nodeHost: host,
    engine1NodePort: nodePort,
    engine2NodePort: nodePort,
    timeoutSeconds: wholeNumber(1, 86400),
} satisfies Record<string, z.ZodType>;

export type Key = keyof typeof keys;

/** What is read of each key. */
export type Values = { readonly [K in Key]: z.output<(typeof keys)[K]> };
