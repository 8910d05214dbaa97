import { version } from "@pulumi/kubernetes/package.json";
import { main } from "../server";
import { kubernetesProvider } from "./provider";

void main((log) => kubernetesProvider(version, log));
