import type { Manifest } from "./manifests";

/** Some policies, and which connections can be made while they are there. */
export interface Situation {
    readonly title: string;
    readonly policies: readonly Manifest[];
    /**
     * A line for each caller, with a column for each target: `+` if the connection is made, `-` if not. A line without `same` or
     * `other` is that of both the caller on the broker's node and the one on another.
     */
    readonly table: string;
}

const app = (name: string) => ({ podSelector: { matchLabels: { app: name } } });
const everyPod = { podSelector: {} };
const inElsewhere = { namespaceSelector: { matchLabels: { "kubernetes.io/metadata.name": "elsewhere" } } };
const port = (number: number | string) => ({ protocol: "TCP", port: number });

function policy(name: string, spec: object): Manifest {
    return {
        apiVersion: "networking.k8s.io/v1",
        kind: "NetworkPolicy",
        metadata: { name, namespace: "lab" },
        spec,
    };
}

const engines = policy("engines", {
    ...app("broker"),
    policyTypes: ["Ingress"],
    ingress: [{ from: [app("engine")], ports: [port(5672)] }],
});

const columns = `          broker:5672  Service:5672  broker:15692  engine:5672  kubelet of node2`;

/** What Kubernetes defines: https://kubernetes.io/docs/concepts/services-networking/network-policies/ */
export const situations: readonly Situation[] = [
    {
        title: "without a policy every pod and node reaches every pod",
        policies: [],
        table: `${columns}
            engine           +            +             +            +               +
            other            +            +             +            +               +
            guest            +            +             +            +               +
            broker same      +            +             +            +               +
            node             +            +             +            +               +`,
    },
    {
        title: "a selected pod is entered by those pods and at that port alone that its policy names, and by its own node",
        policies: [engines],
        table: `${columns}
            engine           +            +             -            +               +
            other            -            -             -            +               +
            guest            -            -             -            +               +
            broker same      +            +             +            +               +
            node same        +            +             +            +               +
            node other       -            -             -            +               +`,
    },
    {
        title: "what one policy lets in no other one keeps out; a namespace is let in by its labels",
        policies: [
            engines,
            policy("elsewhere", {
                ...app("broker"),
                policyTypes: ["Ingress"],
                ingress: [{ from: [inElsewhere], ports: [port(15692)] }],
            }),
        ],
        table: `${columns}
            engine           +            +             -            +               +
            other            -            -             -            +               +
            guest            -            -             +            +               +
            broker same      +            +             +            +               +
            node same        +            +             +            +               +
            node other       -            -             -            +               +`,
    },
    {
        title: "a pod and a namespace in one peer must both fit",
        policies: [
            policy("both", {
                ...app("broker"),
                policyTypes: ["Ingress"],
                ingress: [
                    { from: [{ ...inElsewhere, ...app("other") }], ports: [port(5672)] },
                    { from: [{ ...inElsewhere, ...app("engine") }], ports: [port(15692)] },
                ],
            }),
        ],
        table: `${columns}
            engine           -            -             -            +               +
            other            -            -             -            +               +
            guest            -            -             +            +               +
            broker same      +            +             +            +               +
            node same        +            +             +            +               +
            node other       -            -             -            +               +`,
    },
    {
        title: "of two peers one is enough; a port has a name",
        policies: [
            policy("either", {
                ...app("broker"),
                policyTypes: ["Ingress"],
                ingress: [{ from: [inElsewhere, app("other")], ports: [port("amqp")] }],
            }),
        ],
        table: `${columns}
            engine           -            -             -            +               +
            other            +            +             -            +               +
            guest            +            +             -            +               +
            broker same      +            +             +            +               +
            node same        +            +             +            +               +
            node other       -            -             -            +               +`,
    },
    {
        title: "addresses are let in, but for exceptions: here those of all nodes and of no pod",
        policies: [
            policy("addresses", {
                ...app("broker"),
                policyTypes: ["Ingress"],
                ingress: [
                    { from: [{ ipBlock: { cidr: "10.0.0.0/8", except: ["10.244.0.0/16"] } }], ports: [port(15692)] },
                ],
            }),
        ],
        table: `${columns}
            engine           -            -             -            +               +
            other            -            -             -            +               +
            guest            -            -             -            +               +
            broker same      +            +             +            +               +
            node same        +            +             +            +               +
            node other       -            -             +            +               +`,
    },
    {
        title: "without a rule nobody enters a selected pod but its own node and itself, and it goes wherever it likes",
        policies: [policy("nobody", { ...app("broker"), policyTypes: ["Ingress"] })],
        table: `${columns}
            engine           -            -             -            +               +
            other            -            -             -            +               +
            guest            -            -             -            +               +
            broker same      +            +             +            +               +
            node same        +            +             +            +               +
            node other       -            -             -            +               +`,
    },
    {
        title: "a pod selected for egress goes where its policy names and to its own node, and is entered as before",
        policies: [
            policy("out", {
                ...app("engine"),
                policyTypes: ["Egress"],
                egress: [{ to: [app("broker")], ports: [port(5672)] }],
            }),
        ],
        table: `${columns}
            engine same      +            +             -            -               +
            engine other     +            +             -            +               -
            other            +            +             +            +               +
            guest            +            +             +            +               +
            broker same      +            +             +            +               +
            node             +            +             +            +               +`,
    },
    {
        title: "both ends must let a connection pass",
        policies: [
            engines,
            policy("out", {
                ...app("engine"),
                policyTypes: ["Egress"],
                egress: [{ to: [app("broker")], ports: [port(15692)] }],
            }),
        ],
        table: `${columns}
            engine same      -            -             -            -               +
            engine other     -            -             -            +               -
            other            -            -             -            +               +
            guest            -            -             -            +               +
            broker same      +            +             +            +               +
            node same        +            +             +            +               +
            node other       -            -             -            +               +`,
    },
    {
        title: "a namespace that lets nothing in or out keeps its pods from all but their own nodes",
        policies: [policy("nothing", { ...everyPod, policyTypes: ["Ingress", "Egress"] })],
        table: `${columns}
            engine same      -            -             -            -               +
            engine other     -            -             -            +               -
            other same       -            -             -            -               +
            other other      -            -             -            -               -
            guest            -            -             -            -               +
            broker same      +            +             +            -               +
            node same        +            +             +            -               +
            node other       -            -             -            +               +`,
    },
];

/** @returns for each caller, by its name and where it is, whether it reaches each of the targets. */
export function readTable(table: string): Map<string, boolean[]> {
    const lines = table.split("\n").slice(1);
    return new Map(
        lines.flatMap((line) => {
            const words = line.trim().split(/\s+/);
            const signs = words.filter((word) => /^[+-]$/.test(word)).map((sign) => sign === "+");
            const name = words.slice(0, -signs.length).join(" ");
            const places = / (?:same|other)$/.test(name) ? [name] : [`${name} same`, `${name} other`];
            return places.map((place): [string, boolean[]] => [place, signs]);
        }),
    );
}
