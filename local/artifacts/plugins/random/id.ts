import { randomBytes } from "node:crypto";
import type { RandomKind } from "./kind";

/** `random:index/randomId:RandomId`: bytes, written in five ways. */
export const randomId: RandomKind = {
    defaults: (inputs) => inputs,
    drawn: ["b64Std", "b64Url", "dec", "hex"],
    secrets: [],
    nullable: ["keepers", "prefix"],
    validate: ({ byteLength }) => {
        if (typeof byteLength !== "number" || !Number.isInteger(byteLength) || byteLength < 1) {
            throw new Error(
                `byteLength of a RandomId must be a whole number from 1, not ${JSON.stringify(byteLength)}`,
            );
        }
    },
    draw: (inputs) => {
        const bytes = randomBytes(inputs.byteLength as number);
        const prefix = typeof inputs.prefix === "string" ? inputs.prefix : "";
        const hex = bytes.toString("hex");
        const url = bytes.toString("base64url");
        const outputs = {
            b64Std: prefix + bytes.toString("base64"),
            b64Url: prefix + url,
            dec: prefix + BigInt(`0x${hex}`).toString(),
            hex: prefix + hex,
        };
        return Promise.resolve({ id: url, outputs });
    },
};
