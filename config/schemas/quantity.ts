import * as z from "zod";

/** Bytes of Kubernetes' suffixes for multiples; it also has some for parts, which make no size. */
const units: Readonly<Record<string, bigint>> = {
    ...Object.fromEntries(["k", "M", "G", "T", "P", "E"].map((name, index) => [name, 1000n ** BigInt(index + 1)])),
    ...Object.fromEntries(
        ["Ki", "Mi", "Gi", "Ti", "Pi", "Ei"].map((name, index) => [name, 1024n ** BigInt(index + 1)]),
    ),
};

// The API server computes an exponent whatever it is: 1e999999999 stops it for half a minute.
const quantity =
    /^(?<whole>\d{0,30})(\.(?<part>\d{0,30}))?((?<unit>[KMGTPE]i|[kMGTPE])|[eE](?<exponent>[+-]?\d{1,2}))?$/;

/** Bytes, as a fraction of whole numbers, since floating point would overflow or round; nothing if it is no quantity. */
function bytesOf(text: string): { readonly over: bigint; readonly under: bigint } | undefined {
    const { whole = "", part = "", unit = "", exponent = "0" } = quantity.exec(text)?.groups ?? {};
    if (whole + part === "") {
        return undefined;
    }
    const power = Number(exponent) - part.length;
    return {
        over: BigInt(whole + part) * (units[unit] ?? 1n) * 10n ** BigInt(Math.max(power, 0)),
        under: 10n ** BigInt(Math.max(-power, 0)),
    };
}

const least = 1024n ** 2n;
const most = 1024n ** 6n;

/**
 * The size of a volume, as it is written. The bounds are sanity's: less holds no document, more has no disk.
 * https://kubernetes.io/docs/reference/kubernetes-api/common-definitions/quantity/
 */
export const volumeSize = z.string().refine(
    (text) => {
        const bytes = bytesOf(text);
        return bytes !== undefined && bytes.over >= least * bytes.under && bytes.over <= most * bytes.under;
    },
    { error: "must be a Kubernetes quantity from 1Mi to 1Ei, as 5Gi" },
);
