import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Broker, type BrokerArgs } from "./components/broker";
import { engineName } from "./components/engine";
import { EnginePair } from "./components/enginePair";
import { commonLabels } from "./components/labels";
import { PullSecret } from "./components/pullSecret";
import { restrictedNamespace } from "./components/restricted";
import { DocumentStorage } from "./components/storage";
import { type BrokerLogin, readSettings } from "./config";

const settings = readSettings();
const { engineImage, engineUser, dockerHub, timeoutSeconds } = settings;

const ns = new k8s.core.v1.Namespace(`${pulumi.getProject()}-${pulumi.getStack()}`, {
    metadata: { labels: { ...commonLabels(), ...restrictedNamespace } },
});
export const namespace = ns.metadata.name;

const pullSecrets = dockerHub ? [new PullSecret("dockerhub", { namespace, ...dockerHub }).secretName] : [];

const storage = new DocumentStorage("documents", {
    namespace,
    hostPath: settings.storage.path,
    size: settings.storage.size,
    image: engineImage,
    user: engineUser.id,
    pullSecrets,
    timeoutSeconds,
});
const broker = new Broker("broker", {
    namespace,
    image: settings.brokerImage,
    ...brokerUser(settings.brokerLogin),
    clientName: engineName,
    pullSecrets,
    timeoutSeconds,
});
const node = settings.exposure.kind === "nodePort" ? settings.exposure : undefined;
const engines = new EnginePair(
    "engines",
    {
        namespace,
        image: engineImage,
        user: engineUser.id,
        home: `/home/${engineUser.name}`,
        claimName: storage.claimName,
        allowRules: settings.allowRules,
        denyRules: settings.denyRules,
        brokerAddress: broker.address,
        brokerLoginName: broker.loginSecretName,
        pullSecrets,
        nodeHost: node?.host,
        engine1NodePort: node?.ports[0],
        engine2NodePort: node?.ports[1],
        timeoutSeconds,
    },
    { dependsOn: [storage, broker] },
);
export const engine1Url = engines.engine1Url;
export const engine2Url = engines.engine2Url;

function brokerUser(login: BrokerLogin): Pick<BrokerArgs, "username" | "password"> {
    switch (login.kind) {
        case "random":
            return {};
        case "guest":
            return { username: "guest", password: pulumi.secret("guest") };
        case "given":
            return { username: login.username, password: login.password };
    }
}
