import { posix } from "node:path";
import * as z from "zod";
import { isPrintable } from "../characters";

/** Directories of a node's system and of what makes it a node: documents in one would break it, or be lost with it. */
const systemDirectories = [
    ...["bin", "boot", "dev", "etc", "lib", "lib32", "lib64", "libx32", "proc", "root", "run", "sbin", "sys", "usr"],
    ...["var/log", "var/run"],
    ...["cni", "containerd", "containers", "crio", "docker", "etcd", "kubelet"].map((name) => `var/lib/${name}`),
    // The local platform's own: its keys, and what its nodes write.
    "var/lib/document-sync",
].map((path) => `/${path}`);

/** What the local platform has for documents. */
const platformDocuments = "/var/lib/document-sync/documents/";

/** Linux: PATH_MAX is 4,096 with the NUL at the end, NAME_MAX 255 without. */
const longest = { path: 4095, part: 255 };

const bytes = (text: string) => Buffer.byteLength(text);

/**
 * The path of the documents on the node.
 *
 * It must be written in one way only: the volume's path can't be changed in place, so that another spelling of the same
 * directory would replace the volume.
 */
export const hostPath = z
    .string()
    .refine((path) => isPrintable(path) && path.trim() === path, {
        error: "must be of printable characters, without a blank at its beginning or end",
        abort: true,
    })
    // Kubernetes takes no step back in the path of a volume.
    .refine((path) => posix.isAbsolute(path) && !path.split("/").includes(".."), {
        error: 'must be an absolute path without ".."',
        abort: true,
    })
    .refine((path) => path === "/" || (posix.normalize(path) === path && !path.endsWith("/")), {
        error: 'must be written without "//", "/./" and a slash at its end',
        abort: true,
    })
    .refine((path) => bytes(path) <= longest.path && path.split("/").every((part) => bytes(part) <= longest.part), {
        error: `must have at most ${longest.path} bytes, and ${longest.part} in each part`,
        abort: true,
    })
    .superRefine((path, context) => {
        const found = path.startsWith(platformDocuments) ? undefined : systemDirectories.find(isOneWith(path));
        if (found !== undefined) {
            context.addIssue(`must be a directory apart from the node's own ${found}, as /data/docs`);
        }
    });

/** Whether one of both lies in the other, or they are the same. */
function isOneWith(path: string): (directory: string) => boolean {
    const within = (inner: string, outer: string) => inner === outer || inner.startsWith(outer.replace(/\/?$/, "/"));
    return (directory) => within(path, directory) || within(directory, path);
}
