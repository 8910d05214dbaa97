/**
 * Of an argument, or of what is said of it, however garbled: without the token's secret, and without the login of an address.
 *
 * A password may hold any sign, also `/`, `=`, `@` and blanks. So all goes from the flag's or the scheme's name to the last `@`.
 */
export function withoutSecrets(text: string): string {
    return text
        .replace(/(JsonWebTokenSecret\s*=).*/is, "$1***")
        .replace(/^((?:The argument ")?(?:-*[a-z]\w*\s*=|[a-z][\w+.-]*:\/\/)?).*@/is, "$1***@");
}
