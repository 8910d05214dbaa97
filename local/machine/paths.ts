import { homedir } from "node:os";
import { join, resolve } from "node:path";

/** This clone of the project. */
export const projectDirectory = resolve(__dirname, "..", "..");

/** Logs and reports of this clone's commands; git-ignored. */
export const logsDirectory = join(projectDirectory, ".local", "logs");

/** What was built (binaries, image archives, root file systems), keyed by what it was built from; shared by all clones of this user. */
export const cacheDirectory = join(process.env.XDG_CACHE_HOME ?? join(homedir(), ".cache"), "document-sync");

const machineDirectory = "/var/lib/document-sync";

/** The one cluster of this machine and all that stands or falls with it. Every clone attaches to it. */
export const machine = {
    directory: machineDirectory,
    lock: join(machineDirectory, "lock"),
    /** Cluster state: etcd, certificates, containerd, kubelet, logs. Goes together with `pulumi` or not at all. */
    cluster: join(machineDirectory, "cluster"),
    kubeconfig: join(machineDirectory, "cluster", "admin.conf"),
    pulumi: {
        directory: join(machineDirectory, "pulumi"),
        backend: join(machineDirectory, "pulumi", "backend"),
        /** PULUMI_HOME with the plugins; never the user's own. */
        home: join(machineDirectory, "pulumi", "home"),
        /** Which CLI and language host were prepared last. */
        prepared: join(machineDirectory, "pulumi", "prepared.json"),
        /** Its TMPDIR, in which a CLI that is killed leaves something, and the language host what it has compiled. */
        temporary: join(machineDirectory, "pulumi", "tmp"),
        /** A kubeconfig that says nothing but which context is the current one. */
        context: join(machineDirectory, "pulumi", "context"),
        /** Of the stack dev, and of stacks that have none of their own in `passphrases`. */
        passphraseFile: join(machineDirectory, "pulumi", "passphrase"),
        /** A file for each other stack that was made here, by its name. */
        passphrases: join(machineDirectory, "pulumi", "passphrases"),
    },
    /** `documents/<stack>` is a stack's hostPath. Nothing here ever removes what is in it. */
    documents: join(machineDirectory, "documents"),
    /** Volumes of the StorageClass `shared`, a directory each. */
    shared: join(machineDirectory, "shared"),
    /** `bricks/<node>` is a node's copy of the volumes of the StorageClass `replicated`. */
    bricks: join(machineDirectory, "bricks"),
} as const;

/** Name of the local cluster's context in its own kubeconfig, and of `kubernetes:context` in Pulumi.dev.yaml. */
export const clusterContext = "document-sync";
