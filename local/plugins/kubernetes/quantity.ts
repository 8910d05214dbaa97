const form = /^([+-]?)(\d*)(?:\.(\d*))?(?:([eE][+-]?\d+)|([numkMGTPE]|[KMGTPE]i)?)$/;
const binary = ["", "Ki", "Mi", "Gi", "Ti", "Pi", "Ei"];
const decimal = ["n", "u", "m", "", "k", "M", "G", "T", "P", "E"];

/**
 * A Kubernetes quantity as the API server writes it: the largest suffix of its family that leaves a whole number
 * (k8s.io/apimachinery/pkg/api/resource). What is no quantity is returned as it is: the server refuses it with its own words.
 */
export function canonicalQuantity(value: string | number): string | number {
    const parts = form.exec(String(value).trim());
    if (parts === null) return value;
    const [, sign = "", whole = "", fraction = "", exponent, suffix = ""] = parts;
    if (whole + fraction === "") return value;
    // An exponent is kept by the server too.
    if (exponent !== undefined) return String(value);

    const isBinary = suffix.endsWith("i");
    const digits = BigInt(whole + fraction);
    // All in nano, the smallest unit there is.
    const unit = isBinary
        ? 1024n ** BigInt(binary.indexOf(suffix)) * 10n ** 9n
        : 1000n ** BigInt(decimal.indexOf(suffix));
    const scale = 10n ** BigInt(fraction.length);
    const nano = (digits * unit + scale - 1n) / scale;
    if (nano === 0n) return "0";

    const one = 10n ** 9n;
    // Below 1024 or with a remainder below one, the server writes binary quantities in the decimal way.
    const asBinary = isBinary && nano % one === 0n && nano >= 1024n * one;
    const suffixes = asBinary ? binary : decimal;
    let amount = asBinary ? nano / one : nano;
    const step = asBinary ? 1024n : 1000n;
    let index = 0;
    while (index < suffixes.length - 1 && amount % step === 0n) {
        amount /= step;
        index++;
    }
    return `${sign === "-" ? "-" : ""}${amount}${suffixes[index] ?? ""}`;
}
