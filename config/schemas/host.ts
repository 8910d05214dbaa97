import { isIPv4, isIPv6 } from "node:net";
import * as z from "zod";

/** A host as URLs have it: a name of RFC 1123, an IPv4 address, or an IPv6 address, which may be given without its brackets. */
export const host = z
    .string()
    .refine((text) => isIPv4(text) || isIPv6Address(text) || isHostName(text), {
        error: "must be a host name or an address, without scheme or port",
        abort: true,
    })
    .transform((text) => (isIPv6(text) ? `[${text}]` : text));

/** A zone, as %eth0, means something on one machine only, and no URL has it. */
function isIPv6Address(text: string): boolean {
    return isIPv6(text.replace(/^\[(.*)\]$/, "$1")) && !text.includes("%");
}

function isHostName(text: string): boolean {
    const label = /^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/i;
    if (text.length > 253 || !text.split(".").every((part) => label.test(part)) || !URL.canParse(`ws://${text}`)) {
        return false;
    }
    // To a URL some names are numbers, as 1.2 is 1.0.0.2: no client would reach what is meant.
    return new URL(`ws://${text}`).hostname === text.toLowerCase();
}
