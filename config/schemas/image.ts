import { isIPv6 } from "node:net";
import * as z from "zod";

/** What the name of an image says of its version. */
export interface ImageVersion {
    readonly tag?: string;
    readonly digest?: string;
}

const component = /^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*$/;
const label = /^[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$/;
const digests = "sha256:[0-9a-f]{64}|sha384:[0-9a-f]{96}|sha512:[0-9a-f]{128}";
const reference = new RegExp(`^(?<name>[^@]+?)(:(?<tag>\\w[\\w.-]{0,127}))?(@(?<digest>${digests}))?$`);

/** The longest name, without tag and digest, that every registry takes. */
const longestName = 255;
/** The longest reference: a name, a tag and a digest. */
const longest = longestName + ":".length + 128 + "@sha512:".length + 128;

/**
 * The grammar of https://github.com/distribution/reference, and of the names it takes for a domain: a pod with another name
 * would be waited for until the timeout.
 *
 * @returns nothing if it is no image's name.
 */
export function versionOf(image: string): ImageVersion | undefined {
    const { name, tag, digest } = reference.exec(image.slice(0, longest))?.groups ?? {};
    if (image.length > longest || name === undefined || name.length > longestName) {
        return undefined;
    }
    const [first, ...rest] = name.split("/");
    const hasDomain = rest.length > 0 && (/[.:A-Z]/.test(first) || first === "localhost");
    const path = hasDomain ? rest : [first, ...rest];
    // 64 hexadecimal digits alone are the id of an image, which can't be pulled.
    const isName = path.every((part) => component.test(part)) && !/^[0-9a-f]{64}$/.test(image);
    return isName && (!hasDomain || isDomain(first)) ? { tag, digest } : undefined;
}

function isDomain(domain: string): boolean {
    const {
        address,
        host,
        port = "1",
    } = /^(\[(?<address>.*)\]|(?<host>[^:]*))(:(?<port>\d{1,5}))?$/.exec(domain)?.groups ?? {};
    const isHost =
        address === undefined
            ? host !== undefined && host.split(".").every((part) => label.test(part))
            : isIPv6(address);
    return isHost && Number(port) >= 1 && Number(port) <= 65535;
}

/** The name of an image, with a tag or a digest or neither. */
export const image = z.string().refine((text) => versionOf(text) !== undefined, {
    error: "must be the name of an image, as registry.example.com/engine:1.0",
    abort: true,
});
