import * as k8s from "@pulumi/kubernetes";
import * as pulumi from "@pulumi/pulumi";
import { Broker } from "./components/broker";
import { engineName } from "./components/engine";
import { EnginePair } from "./components/enginePair";
import { commonLabels } from "./components/labels";
import { PullSecret } from "./components/pullSecret";
import { restrictedNamespace } from "./components/restricted";
import { DocumentStorage } from "./components/storage";
import { readSettings } from "./config";

const settings = readSettings();
const { engineImage, engineUser, dockerHub, timeoutSeconds } = settings;

const ns = new k8s.core.v1.Namespace(`${pulumi.getProject()}-${pulumi.getStack()}`, {
    metadata: { labels: { ...commonLabels(), ...restrictedNamespace } },
});
export const namespace = ns.metadata.name;

const pullSecrets = dockerHub ? [new PullSecret("dockerhub", { namespace, ...dockerHub }).secretName] : [];

const storage = new DocumentStorage("documents", {
    namespace,
    hostPath: settings.hostPath,
    size: settings.documentsSize,
    image: engineImage,
    user: engineUser.id,
    pullSecrets,
    timeoutSeconds,
});
const broker = new Broker("broker", {
    namespace,
    image: settings.brokerImage,
    username: settings.brokerUsername,
    password: settings.brokerPassword,
    clientName: engineName,
    pullSecrets,
    timeoutSeconds,
});
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
        nodeHost: settings.nodeHost,
        engine1NodePort: settings.engine1NodePort,
        engine2NodePort: settings.engine2NodePort,
        timeoutSeconds,
    },
    { dependsOn: [storage, broker] },
);
export const engine1Url = engines.engine1Url;
export const engine2Url = engines.engine2Url;
