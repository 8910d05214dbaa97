// The environment that each command gets where there is a proxy. Plain JavaScript: bootstrap.mjs runs before anything is installed.

const loopback = ["127.0.0.1", "localhost", "::1"];

/** A list such as no_proxy, with more names. Some that read it know no blanks in it. */
function extend(list, names) {
    return [...new Set([...list.split(/[\s,]+/).filter(Boolean), ...names])].join(",");
}

/**
 * What is added to an environment. The user's proxy gets each of its spellings, as none is read by everybody: apt-get and gRPC read
 * http_proxy only, Node's gRPC asks it for 127.0.0.1 too, curl never reads HTTP_PROXY, and Go no all_proxy. What is on this machine takes none.
 */
export function proxyEnvironment(env) {
    const first = (...names) => names.map((name) => env[name]).find(Boolean);
    // One of another protocol would be refused by many that are given it as their own.
    const all = [first("all_proxy", "ALL_PROXY")].find((proxy) => proxy?.startsWith("http:"));
    const http = first("http_proxy", "HTTP_PROXY") ?? all;
    const https = first("https_proxy", "HTTPS_PROXY") ?? all;
    if (!http && !https && !first("all_proxy", "ALL_PROXY", "grpc_proxy")) return {};
    const none = `${env.no_proxy ?? ""},${env.NO_PROXY ?? ""}`;
    // The asterisk, for all, counts where it stands alone.
    const noProxy = none.split(/[\s,]+/).includes("*") ? "*" : extend(none, loopback);
    return {
        ...(http && { http_proxy: http, HTTP_PROXY: http }),
        ...(https && { https_proxy: https, HTTPS_PROXY: https }),
        no_proxy: noProxy,
        NO_PROXY: noProxy,
        // Node's gRPC prefers it, and knows no asterisk.
        no_grpc_proxy: extend(env.no_grpc_proxy ?? "", loopback),
    };
}
